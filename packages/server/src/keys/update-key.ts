import type { ApiKeyUpdate } from '@latchkey/contract/schemas/keys'
import { AppError, type Fault, inputError } from '@latchkey/core/error'
import { type CompanyId, isId, type KeyId } from '@latchkey/core/ids'
import { changesBetween, isOnly } from '../audit/changes-between.ts'
import type { Change } from '../changes/change.ts'
import { versionConflict } from '../changes/version-conflict.ts'
import type { Key } from '../storage/tables/key.ts'
import { findKey, findKeyView, type KeyView, updateKey as saveKey } from '../storage/tables/keys.ts'
import type { Db } from '../storage/tables/schema.ts'
import { capPreviousEnd } from '../storage/tables/secrets.ts'
import { findUser } from '../storage/tables/users.ts'
import { auditedFields } from './audited-fields.ts'
import { keyNotFound, moveCounters } from './delete-key.ts'
import { assertMayRegrant, grantableBy } from './grant.ts'
import { parseExpiry, type ReadInput } from './key-input.ts'

/**
 * Changes what the patch names. `isExpected` decides on the key's version (If-Match). Throws AppError: input
 * faults, `key_not_found`, `precondition_failed`, `permission_escalation`, `missing_permission`.
 */
export async function updateKey(
  change: Change,
  keyId: string,
  read: ReadInput<ApiKeyUpdate>,
  isExpected: (version: number) => boolean,
): Promise<KeyView> {
  const { db, nowMs } = change
  const { key, patched } = await checkPatch(db, change.ledger.id, keyId, read, isExpected, nowMs)
  const user = await findUser(db, key.companyId, key.userId)
  if (user === undefined)
    throw new AppError('user_not_found', 'The user of the key was deleted, and the key with it.')
  // Whoever says what a key may do gives it that, also by repeating it.
  const after = { ...patched, ceiling: read.permissions === undefined ? key.ceiling : grantableBy(change) }
  assertMayRegrant(change, user, key, after, read)
  const changes = changesBetween(auditedFields(key), auditedFields(after))
  change.revoke({ scope: 'key', id: key.id })
  if (Object.keys(changes).length > 0) {
    await saveKey(db, { ...after, updatedAtMs: nowMs, version: key.version + 1 })
    // No secret outlives its key.
    if (after.expiresAtMs !== null) await capPreviousEnd(db, key.id, after.expiresAtMs)
    await moveCounters(change, key, after.status)
    const isUrgent = isOnly(changes, 'enabled', false)
    await change.record({ action: 'key.updated', object: { type: 'key', id: key.id }, changes, isUrgent })
  }
  return requireView(change, key.id)
}

/**
 * The key, and what the patch makes of it. Throws AppError; for a patch whose lists have faults it is called on a
 * snapshot, in place of the change.
 */
export async function checkPatch(
  db: Db,
  companyId: CompanyId,
  keyId: string,
  read: ReadInput<ApiKeyUpdate>,
  isExpected: (version: number) => boolean,
  nowMs: number,
): Promise<{ readonly key: Key; readonly patched: Key }> {
  const key = isId('key', keyId) ? await findKey(db, companyId, keyId) : undefined
  if (key === undefined) throw keyNotFound()
  if (!isExpected(key.version)) throw versionConflict('key', key)
  return { key, patched: patchKey(key, read, nowMs) }
}

/** What one field of a patch is applied to and with. What is wrong goes to `faults`. */
type Patching = {
  readonly key: Key
  readonly read: ReadInput<ApiKeyUpdate>
  readonly nowMs: number
  readonly faults: Fault[]
}

/** What each field of a patch makes of a key. A field of the contract that is forgotten here does not compile. */
const PATCHES: {
  readonly [Field in keyof ApiKeyUpdate]-?: (
    value: Exclude<ApiKeyUpdate[Field], undefined>,
    patching: Patching,
  ) => Partial<Key>
} = {
  whitelistedIPs(value, { read, faults }) {
    if (Array.isArray(value) && value.length === 0) {
      faults.push({
        pointer: '/whitelistedIPs',
        code: 'invalid_ip',
        detail: 'is empty: send null to remove the restriction, or leave the field out to keep it.',
      })
    }
    return { whitelistedIPs: read.entries ?? null }
  },
  description: (description) => ({ description }),
  expiresAt: (value, { nowMs, faults }) => ({ expiresAtMs: parseExpiry(value, nowMs, faults) }),
  permissions: (_value, { read }) => ({ permissions: read.permissions ?? null }),
  metadata: (metadata) => ({ metadata }),
  rateLimits(rateLimits, { faults }) {
    if (rateLimits?.length === 0) {
      faults.push({
        pointer: '/rateLimits',
        code: 'invalid_field',
        detail: 'is empty: send null to remove the limits, or leave the field out to keep them.',
      })
    }
    return { rateLimits }
  },
  quota: (quota) => ({ quota }),
  enabled(isEnabled, { key, faults }) {
    const isDeleted = key.deletedAtMs !== null
    if (isDeleted && isEnabled) {
      faults.push({
        pointer: '/enabled',
        code: 'invalid_field',
        detail: 'cannot be true: the key was deleted, which is for good. Create a new one.',
      })
    }
    return { isEnabled, status: isEnabled && !isDeleted ? 'active' : 'inactive' }
  },
}

/** Throws AppError with every fault. */
function patchKey(key: Key, read: ReadInput<ApiKeyUpdate>, nowMs: number): Key {
  const faults = [...read.faults]
  const patched = Object.entries(read.input)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => {
      const patch = PATCHES[field as keyof ApiKeyUpdate] as (
        value: unknown,
        patching: Patching,
      ) => Partial<Key>
      return patch(value, { key, read, nowMs, faults })
    })
  if (faults.length > 0) throw inputError(faults)
  return Object.assign({ ...key }, ...patched) as Key
}

async function requireView(change: Change, keyId: KeyId): Promise<KeyView> {
  const view = await findKeyView(change.db, change.ledger.id, keyId)
  if (view === undefined) throw new Error(`${keyId} is missing after its update`)
  return view
}
