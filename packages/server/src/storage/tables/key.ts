import type { Ceiling } from '@latchkey/core/ceiling'
import type { CompanyId, KeyId, UserId } from '@latchkey/core/ids'
import type { RateLimit, UseQuota } from '@latchkey/core/limit'
import type { Mode } from '@latchkey/core/secret'

/*
 * A key of the domain, and the row that holds it. The one place that knows both: a field that is added to one and
 * forgotten here does not compile.
 */

/** A key: everything but its secrets, and but what they are found by. */
export type Key = {
  readonly id: KeyId
  readonly companyId: CompanyId
  readonly userId: UserId
  /** What the secret begins with, such as `lk_live_`. */
  readonly prefix: string
  readonly lastFour: string
  /** Of its current secret: they are counted from 1. */
  readonly secretOrdinal: number
  readonly mode: Mode
  /** As it was written: the entries in their order. null: usable from everywhere. */
  readonly whitelistedIPs: readonly string[] | null
  /** null: all that its user has. */
  readonly permissions: readonly string[] | null
  /** What its maker could give; null: everything. */
  readonly ceiling: Ceiling | null
  readonly description: string | null
  readonly metadata: Readonly<Record<string, string>>
  /** null: as often as it likes. */
  readonly rateLimits: readonly RateLimit[] | null
  readonly quota: UseQuota | null
  /** Milliseconds since the epoch, as every time here; null: never. */
  readonly expiresAtMs: number | null
  readonly isEnabled: boolean
  /** inactive: deleted or disabled. */
  readonly status: 'active' | 'inactive'
  /** Id of the credential that made it; null: it was made on the host. */
  readonly createdBy: string | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** null: it is not deleted. */
  readonly deletedAtMs: number | null
  /** Which system it comes from; null: it was made here. */
  readonly imported: { readonly source: string; readonly atMs: number } | null
  readonly version: number
}

export type KeyRow = {
  id: KeyId
  company_id: CompanyId
  user_id: UserId
  prefix: string
  last_four: string
  secret_ordinal: number
  mode: Mode
  whitelisted_ips: string | null
  permissions: string | null
  ceiling: string | null
  description: string | null
  metadata: string
  rate_limits: string | null
  quota: string | null
  expires_at: number | null
  is_enabled: 0 | 1
  status: 'active' | 'inactive'
  created_by: string | null
  created_at: number
  updated_at: number
  deleted_at: number | null
  imported_from: string | null
  imported_at: number | null
  version: number
}

export function keyOf(row: KeyRow): Key {
  return {
    id: row.id,
    companyId: row.company_id,
    userId: row.user_id,
    prefix: row.prefix,
    lastFour: row.last_four,
    secretOrdinal: row.secret_ordinal,
    mode: row.mode,
    whitelistedIPs: parsed<readonly string[]>(row.whitelisted_ips),
    permissions: parsed<readonly string[]>(row.permissions),
    ceiling: parsed<Ceiling>(row.ceiling),
    description: row.description,
    metadata: JSON.parse(row.metadata) as Readonly<Record<string, string>>,
    rateLimits: parsed<readonly RateLimit[]>(row.rate_limits),
    quota: parsed<UseQuota>(row.quota),
    expiresAtMs: row.expires_at,
    isEnabled: row.is_enabled === 1,
    status: row.status,
    createdBy: row.created_by,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
    deletedAtMs: row.deleted_at,
    imported:
      row.imported_from === null || row.imported_at === null
        ? null
        : { source: row.imported_from, atMs: row.imported_at },
    version: row.version,
  }
}

export function rowOfKey(key: Key): KeyRow {
  return {
    id: key.id,
    company_id: key.companyId,
    user_id: key.userId,
    prefix: key.prefix,
    last_four: key.lastFour,
    secret_ordinal: key.secretOrdinal,
    mode: key.mode,
    whitelisted_ips: textOf(key.whitelistedIPs),
    permissions: textOf(key.permissions),
    ceiling: textOf(key.ceiling),
    description: key.description,
    metadata: JSON.stringify(key.metadata),
    rate_limits: textOf(key.rateLimits),
    quota: textOf(key.quota),
    expires_at: key.expiresAtMs,
    is_enabled: key.isEnabled ? 1 : 0,
    status: key.status,
    created_by: key.createdBy,
    created_at: key.createdAtMs,
    updated_at: key.updatedAtMs,
    deleted_at: key.deletedAtMs,
    imported_from: key.imported?.source ?? null,
    imported_at: key.imported?.atMs ?? null,
    version: key.version,
  }
}

/** For a query. */
export const KEY_COLUMNS = [
  'id',
  'company_id',
  'user_id',
  'prefix',
  'last_four',
  'secret_ordinal',
  'mode',
  'whitelisted_ips',
  'permissions',
  'ceiling',
  'description',
  'metadata',
  'rate_limits',
  'quota',
  'expires_at',
  'is_enabled',
  'status',
  'created_by',
  'created_at',
  'updated_at',
  'deleted_at',
  'imported_from',
  'imported_at',
  'version',
] as const satisfies readonly (keyof KeyRow)[]

function parsed<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T)
}

function textOf(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value)
}
