import { AppError } from '@latchkey/core/error'
import { assertOwn } from '@latchkey/core/escalation'
import { isId } from '@latchkey/core/ids'
import type { Change } from '../changes/change.ts'
import { versionConflict } from '../changes/version-conflict.ts'
import type { Key } from '../storage/tables/key.ts'
import { findKey, updateKey } from '../storage/tables/keys.ts'
import { findUser, saveKeyCounts } from '../storage/tables/users.ts'

/**
 * Deactivates a key for good. To ask again is fine and changes nothing. `isExpected` decides on the key's version
 * (If-Match). Throws AppError `key_not_found`, `missing_permission`, `precondition_failed`.
 *
 * NOTE: a key of a user above the caller may be deleted: taking a power away is no escalation, and whoever sees a leak
 * must be able to stop the key.
 */
export async function deleteKey(
  change: Change,
  keyId: string,
  isExpected: (version: number) => boolean = () => true,
): Promise<void> {
  const { principal } = change
  const key = isId('key', keyId) ? await findKey(change.db, change.ledger.id, keyId) : undefined
  if (key === undefined) throw keyNotFound()
  const isSelf = principal.id === key.id && !principal.isDerived
  if (!isSelf) assertOwn(principal, key.userId, 'delete')
  const isDeleted = key.deletedAtMs !== null
  if (!isDeleted && !isExpected(key.version)) throw versionConflict('key', key)
  change.revoke({ scope: 'key', id: key.id })
  if (isDeleted) return
  const { nowMs } = change
  const deleted: Key = {
    ...key,
    status: 'inactive',
    deletedAtMs: nowMs,
    updatedAtMs: nowMs,
    version: key.version + 1,
  }
  await updateKey(change.db, deleted)
  await moveCounters(change, key, deleted.status)
  await change.record({ action: 'key.deleted', object: { type: 'key', id: key.id }, isUrgent: true })
}

export function keyNotFound(): AppError {
  return new AppError('key_not_found', 'There is no such key in your company.')
}

/** Keeps the counters of the company and the user in step with a key's stored status. */
export async function moveCounters(change: Change, key: Key, to: Key['status']): Promise<void> {
  if (key.status === to) return
  const step = to === 'active' ? 1 : -1
  change.ledger.keysActive += step
  change.ledger.keysInactive -= step
  const user = await findUser(change.db, key.companyId, key.userId)
  if (user === undefined) throw new Error(`the user of ${key.id} is missing`)
  await saveKeyCounts(change.db, {
    ...user,
    keysActive: user.keysActive + step,
    keysInactive: user.keysInactive - step,
  })
}
