import type { Ceiling } from '@latchkey/core/ceiling'
import { inputError } from '@latchkey/core/error'
import { type CompanyId, isId, type KeyId } from '@latchkey/core/ids'
import { changesBetween, isOnly } from '../audit/changes-between.ts'
import type { Change } from '../changes/change.ts'
import { findKey, findKeyView, type KeyView, updateKeyRow } from '../storage/keys.ts'
import type { Db, KeyRow } from '../storage/schema.ts'
import { findUser } from '../storage/users.ts'
import { isAtVersion, keyNotFound, moveCounters } from './delete-key.ts'
import { assertMayRegrant, ceilingText } from './grant.ts'
import { parseExpiry, type ReadInput } from './key-input.ts'

export type KeyPatch = {
  readonly whitelistedIPs?: readonly string[] | string | null
  readonly description?: string | null
  readonly expiresAt?: string | null
  readonly permissions?: readonly string[] | null
  readonly metadata?: Readonly<Record<string, string>>
  readonly enabled?: boolean
}

type Columns = Pick<
  KeyRow,
  'whitelisted_ips' | 'description' | 'expires_at' | 'permissions' | 'metadata' | 'is_enabled' | 'status'
>

/**
 * Changes what the patch names. `isExpected` decides on the row's version (If-Match). Throws AppError: input
 * faults, `key_not_found`, `precondition_failed`, `permission_escalation`, `missing_permission`.
 */
export async function updateKey(
  change: Change,
  keyId: string,
  read: ReadInput<KeyPatch>,
  isExpected: (version: number) => boolean,
): Promise<KeyView> {
  const { db, nowMs } = change
  const { key, columns } = await checkPatch(db, change.ledger.id, keyId, read, isExpected, nowMs)
  const user = await findUser(db, key.company_id, key.user_id)
  if (user === undefined) throw new Error(`the user of ${key.id} is missing`)
  const isGranted = read.permissions !== undefined
  // Whoever says what a key may do gives it that, and must have all of it: what its first maker could give is past.
  assertMayRegrant(change, user, key, { ...key, ...columns, ceiling: isGranted ? null : key.ceiling })
  const ceiling = isGranted ? ceilingText(change) : key.ceiling
  const after = { ...key, ...columns, ceiling }
  const changes = changesBetween(present(key), present(after))
  change.revoke({ scope: 'key', id: key.id })
  if (Object.keys(changes).length > 0) {
    await updateKeyRow(db, key.id, { ...columns, ceiling, updated_at: nowMs, version: key.version + 1 })
    await moveCounters(change, key, columns.status)
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
  read: ReadInput<KeyPatch>,
  isExpected: (version: number) => boolean,
  nowMs: number,
): Promise<{ readonly key: KeyRow; readonly columns: Columns }> {
  const key = isId('key', keyId) ? await findKey(db, companyId, keyId) : undefined
  if (key === undefined) throw keyNotFound()
  if (!isExpected(key.version)) throw isAtVersion(key)
  return { key, columns: columnsOf(key, read, nowMs) }
}

function columnsOf(
  key: KeyRow,
  { input: patch, entries, permissions, faults: found }: ReadInput<KeyPatch>,
  nowMs: number,
): Columns {
  const faults = [...found]
  const isEnabled = patch.enabled ?? key.is_enabled === 1
  if (Array.isArray(patch.whitelistedIPs) && patch.whitelistedIPs.length === 0) {
    faults.push({
      pointer: '/whitelistedIPs',
      code: 'invalid_ip',
      detail: 'is empty: send null to remove the restriction, or leave the field out to keep it.',
    })
  }
  const expiresAtMs = patch.expiresAt === undefined ? undefined : parseExpiry(patch.expiresAt, nowMs, faults)
  if (key.deleted_at !== null && patch.enabled === true) {
    faults.push({
      pointer: '/enabled',
      code: 'invalid_field',
      detail: 'cannot be true: the key was deleted, which is for good. Create a new one.',
    })
  }
  if (faults.length > 0) throw inputError(faults)
  return {
    whitelisted_ips: entries === undefined ? key.whitelisted_ips : textOf(entries),
    description: patch.description === undefined ? key.description : patch.description,
    expires_at: expiresAtMs === undefined ? key.expires_at : expiresAtMs,
    permissions: permissions === undefined ? key.permissions : textOf(permissions),
    metadata: patch.metadata === undefined ? key.metadata : JSON.stringify(patch.metadata),
    is_enabled: isEnabled ? 1 : 0,
    status: isEnabled && key.deleted_at === null ? 'active' : 'inactive',
  }
}

const textOf = (list: readonly string[] | null) => (list === null ? null : JSON.stringify(list))

function present(key: Pick<KeyRow, keyof Columns | 'ceiling'>) {
  return {
    whitelistedIPs: key.whitelisted_ips === null ? null : (JSON.parse(key.whitelisted_ips) as string[]),
    description: key.description,
    expiresAt: key.expires_at === null ? null : new Date(key.expires_at).toISOString(),
    permissions: key.permissions === null ? null : (JSON.parse(key.permissions) as string[]),
    ceiling: key.ceiling === null ? null : (JSON.parse(key.ceiling) as Ceiling),
    metadata: JSON.parse(key.metadata) as Record<string, string>,
    enabled: key.is_enabled === 1,
  }
}

async function requireView(change: Change, keyId: KeyId): Promise<KeyView> {
  const view = await findKeyView(change.db, change.ledger.id, keyId)
  if (view === undefined) throw new Error(`${keyId} is missing after its update`)
  return view
}
