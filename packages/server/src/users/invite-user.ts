import { createHmac } from 'node:crypto'
import { AppError } from '@latchkey/core/error'
import { assertCovers, assertMayEqual, assertNotAbove } from '@latchkey/core/escalation'
import { isId, type KeyId } from '@latchkey/core/ids'
import type { Change } from '../changes/change.ts'
import { versionConflict } from '../changes/version-conflict.ts'
import { deleteInvitationsOf, insertInvitation } from '../storage/tables/people.ts'
import type { User } from '../storage/tables/user.ts'
import { findUser } from '../storage/tables/users.ts'
import { giverText } from './giver.ts'
import { userNotFound } from './update-user.ts'
import { authorityOf } from './user-authority.ts'

const INVITATION_MS = 24 * 60 * 60 * 1_000
const TOKEN_BYTES = 32

export type Invitation = {
  /** Whom it is for, as it stays. */
  readonly user: User
  /** Works once, for setting the password. Only its keyed hash is stored. */
  readonly token: string
  readonly expiresAtMs: number
}

/**
 * Makes a one-time token with which a user sets its password; an older one stops. `isExpected` decides on the user's
 * version (If-Match). Throws AppError `user_not_found`, `permission_escalation`, `precondition_failed`, `invalid_field`
 * for a user without an email address.
 */
export async function inviteUser(
  change: Change,
  invitationKey: Uint8Array,
  userId: string,
  isExpected: (version: number) => boolean = () => true,
): Promise<Invitation> {
  const { principal } = change
  const user = isId('usr', userId) ? await findUser(change.db, change.ledger.id, userId) : undefined
  if (user === undefined) throw userNotFound()
  assertNotAbove(principal, user.role, 'The user')
  // Whoever holds the invitation signs in as this user: it grants all that the user may.
  assertCovers(principal, authorityOf(user, change.ledger.isOperator))
  assertMayEqual(principal, user)
  if (!isExpected(user.version)) throw versionConflict('user', user)
  if (user.email === null) {
    throw new AppError(
      'invalid_field',
      'The user has no email address, which is the name to sign in with: set one first.',
    )
  }
  const token = `inv_${Buffer.from(change.randomBytes(TOKEN_BYTES)).toString('base64url')}`
  const expiresAtMs = change.nowMs + INVITATION_MS
  await deleteInvitationsOf(change.db, user.id)
  await insertInvitation(change.db, {
    hash: invitationHash(invitationKey, token),
    user_id: user.id,
    expires_at: expiresAtMs,
    giver: giverText(change),
    // A session ends sooner than what was done in it: whoever was signed in made the invitation.
    maker: principal.type === 'key' ? (principal.id as KeyId) : principal.userId,
  })
  await change.record({ action: 'user.invited', object: { type: 'user', id: user.id } })
  return { user, token, expiresAtMs }
}

export function invitationHash(key: Uint8Array, token: string): Buffer {
  return createHmac('sha256', key).update(token).digest()
}
