import { AppError } from '@latchkey/core/error'
import type { UserId } from '@latchkey/core/ids'
import type { Change } from '../changes/change.ts'
import { deleteInvitationsOf, endSessionsOf, findInvitation, upsertPassword } from '../storage/people.ts'
import { findUser } from '../storage/users.ts'

/**
 * Sets a user's password, on the host or with its `invitation` (the hash of the token). Uses up every invitation
 * and ends every session of the user. Answers false when the invitation is used or over by now, or the user
 * inactive: one answer for all. `passwordHash` was made before, outside the transaction.
 */
export async function setPassword(
  change: Change,
  userId: UserId,
  passwordHash: string,
  invitation?: Uint8Array,
): Promise<boolean> {
  const { db, nowMs } = change
  // Under the company's lock: of two who came at once, one has used it up by now.
  const isInvited =
    invitation === undefined || (await findInvitation(db, invitation, nowMs))?.user_id === userId
  const user = await findUser(db, change.ledger.id, userId)
  if (!isInvited || user?.status !== 'active') return false
  await upsertPassword(db, userId, passwordHash, nowMs)
  await deleteInvitationsOf(db, userId)
  await endSessionsOf(db, userId, nowMs)
  // Also when none was open: somebody else may have ended them just now, and still wait for it to be in force.
  change.revoke({ scope: 'user', id: userId })
  await change.record({
    action: 'user.password_set',
    object: { type: 'user', id: userId },
    // From the server itself it is how somebody is locked out.
    isUrgent: invitation === undefined,
  })
  return true
}

export function invitationRefused(): AppError {
  return new AppError('invalid_credentials', 'The invitation is unknown, used or over: ask for a new one.')
}
