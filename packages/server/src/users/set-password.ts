import { AppError } from '@latchkey/core/error'
import type { UserId } from '@latchkey/core/ids'
import type { Change } from '../changes/change.ts'
import { findPasswordsFor, SIGN_INS_MAX, upsertPassword } from '../storage/tables/passwords.ts'
import { deleteInvitationsOf, endSessionsOf } from '../storage/tables/people.ts'
import { findUser } from '../storage/tables/users.ts'
import { giverText } from './giver.ts'
import { findInvitedHeld } from './invited.ts'

/** A password that was hashed for a user and the address it has, outside the transaction. */
export type NewPassword = {
  readonly userId: UserId
  readonly email: string | null
  readonly hash: string
}

/**
 * Sets a user's password, on the host or with its `invitation` (the hash of the token). Uses up every invitation
 * and ends every session of the user. Answers false when the invitation is used or over by now, its maker could not
 * make it any more, the user is inactive or its address another: one answer for all. Throws AppError `invalid_field` when too many users have the address.
 */
export async function setPassword(
  change: Change,
  { userId, email, hash }: NewPassword,
  invitation?: Uint8Array,
): Promise<boolean> {
  const { db, nowMs } = change
  // Checked under the company's lock: of two at the same time, the first has used it up.
  const invited = invitation === undefined ? undefined : await findInvitedHeld(db, invitation, nowMs)
  if (invitation !== undefined && invited?.user.id !== userId) return false
  const user = await findUser(db, change.ledger.id, userId)
  if (user?.status !== 'active' || user.email !== email) return false
  await assertRoom(change, userId, email)
  const giver = invited === undefined ? giverText(change) : invited.invitation.giver
  await upsertPassword(db, { user_id: userId, hash, updated_at: nowMs, email, giver })
  await deleteInvitationsOf(db, userId)
  await endSessionsOf(db, userId, nowMs)
  // Also when none was open: somebody else may have ended them just now, and still wait for it to be in force.
  change.revoke({ scope: 'user', id: userId })
  await change.record({
    action: 'user.password_set',
    object: { type: 'user', id: userId },
    // Done on the server itself to lock somebody out, so it is urgent.
    isUrgent: invitation === undefined,
  })
  return true
}

/** Sign-in looks at so many users of one address: one more could never sign in. */
async function assertRoom({ db }: Change, userId: UserId, email: string | null): Promise<void> {
  if (email === null || (await findPasswordsFor(db, email, userId)).length < SIGN_INS_MAX) return
  throw new AppError(
    'invalid_field',
    `${SIGN_INS_MAX} users sign in with this email address already, which is the most: give this one another.`,
  )
}

export function invitationRefused(): AppError {
  return new AppError('invalid_credentials', 'The invitation is unknown, used or over: ask for a new one.')
}
