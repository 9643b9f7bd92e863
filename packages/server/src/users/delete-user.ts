import { AppError } from '@latchkey/core/error'
import { assertNotAbove } from '@latchkey/core/escalation'
import { type CompanyId, isId, type KeyId, type UserId } from '@latchkey/core/ids'
import type { Change } from '../changes/change.ts'
import { versionConflict } from '../changes/version-conflict.ts'
import type { Engine } from '../storage/engine.ts'
import { eraseKeys, eraseLateUses, eraseUser, USE_TABLES } from '../storage/tables/erase-user.ts'
import { findUserOrDeleted } from '../storage/tables/users.ts'
import { assertOwnerLeft, updateUser, userNotFound } from './update-user.ts'

/** Keys whose texts one change erases: some milliseconds, in which others wait. */
const KEYS_OF_STEP = 250

/**
 * Deletes a user for good, and every value that tells who it was: its row stays under its id, for the audit events
 * and the keys that name it. Again is fine and changes nothing, whatever `isExpected` says. One that had very many keys
 * takes several changes, of which the first deactivates it: answers the key after which the next one goes on, undefined
 * when the user is deleted. `isExpected` decides on the user's version (If-Match), before the first of them. Throws
 * AppError `user_not_found`, `user_has_keys`, `permission_escalation`, `precondition_failed`, `last_owner`.
 */
export async function deleteUser(
  change: Change,
  userId: string,
  after: KeyId | undefined,
  isExpected: (version: number) => boolean = () => true,
): Promise<KeyId | undefined> {
  const { db, ledger, nowMs } = change
  const user = isId('usr', userId) ? await findUserOrDeleted(db, ledger.id, userId) : undefined
  if (user === undefined) throw userNotFound()
  assertNotAbove(change.principal, user.role, 'The user')
  if (user.deletedAtMs !== null) {
    // Whoever lost the first answer gets the same promise.
    change.revoke({ scope: 'user', id: user.id })
    return undefined
  }
  if (after === undefined && !isExpected(user.version)) throw versionConflict('user', user)
  await assertOwnerLeft(change, user, { ...user, status: 'inactive' })
  // What still works with a key of the user must not stop unnoticed.
  if (user.keysActive > 0) {
    const keys = user.keysActive === 1 ? '1 active key' : `${user.keysActive} active keys`
    throw new AppError('user_has_keys', `The user has ${keys}: delete or disable what it has first.`)
  }
  const last = await eraseKeys(db, user, { after, max: KEYS_OF_STEP, nowMs })
  if (last !== undefined) {
    // Until it is done the user makes no more of them, and what is done already is not without an event.
    if (user.status === 'active') await updateUser(change, userId, { status: 'inactive' })
    return last
  }
  await eraseUser(db, user, nowMs)
  ledger.usersCount -= 1
  change.revoke({ scope: 'user', id: user.id })
  await change.record({ action: 'user.deleted', object: { type: 'user', id: user.id }, isUrgent: true })
  return undefined
}

/**
 * Takes out from where the keys of a deleted user were used, once more: other servers may have written it between two of the
 * changes above, or beside the last. What they write from then on is without it.
 */
export async function forgetLateUses(
  engine: Pick<Engine, 'write' | 'untilWritten'>,
  companyId: CompanyId,
  id: UserId,
): Promise<void> {
  // One that looked for the user before it was deleted may store an address after all, as long as it is not over.
  await engine.untilWritten?.(USE_TABLES)
  let after: KeyId | undefined
  do {
    const step = { after, max: KEYS_OF_STEP }
    const { value } = await engine.write((db) => eraseLateUses(db, { id, companyId }, step), {
      party: companyId,
    })
    after = value
  } while (after !== undefined)
}
