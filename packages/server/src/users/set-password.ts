import { AppError } from '@latchkey/core/error'
import type { UserId } from '@latchkey/core/ids'
import { auditedChange } from '../audit/audited-change.ts'
import type { AuditChain } from '../audit/chain.ts'
import { deleteInvitationsOf, endSessionsOf, findInvitation, upsertPassword } from '../storage/people.ts'
import { findUserInDeployment } from '../storage/users.ts'
import type { Tx } from '../verification/write.ts'

/**
 * Sets a user's password, with its invitation (`hash` of the token) or from the host (`userId`). Uses up every
 * invitation and ends every session of the user. Answers false when the invitation is unknown, used or over,
 * or the user inactive: one answer for all. `passwordHash` was made before, outside the transaction.
 */
export async function setPassword(
  tx: Tx,
  chain: AuditChain,
  target: { readonly invitation: Uint8Array } | { readonly userId: UserId },
  passwordHash: string,
): Promise<boolean> {
  const userId =
    'userId' in target ? target.userId : (await findInvitation(tx.db, target.invitation, tx.nowMs))?.user_id
  const user = userId === undefined ? undefined : await findUserInDeployment(tx.db, userId)
  if (user === undefined || user.status !== 'active') return false
  const isInvited = 'invitation' in target
  const actor = isInvited ? { ...tx.actor, type: 'user', id: user.id, userId: user.id } : tx.actor
  return auditedChange({ ...tx, actor }, chain, user.company_id, async (change) => {
    // Looked at again under the company's lock: of two who came at once, one has used it up by now.
    const isLost = isInvited && (await findInvitation(tx.db, target.invitation, tx.nowMs)) === undefined
    const isActive = (await findUserInDeployment(tx.db, user.id))?.status === 'active'
    if (isLost || !isActive) return false
    await upsertPassword(tx.db, user.id, passwordHash, tx.nowMs)
    await deleteInvitationsOf(tx.db, user.id)
    await endSessionsOf(tx.db, user.id, tx.nowMs)
    // Also when none was open: somebody else may have ended them just now, and still wait for it to be in force.
    tx.revoke({ scope: 'user', id: user.id })
    await change.record({ action: 'user.password_set', object: { type: 'user', id: user.id } })
    return true
  })
}

export function invitationRefused(): AppError {
  return new AppError('invalid_credentials', 'The invitation is unknown, used or over: ask for a new one.')
}
