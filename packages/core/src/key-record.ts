import { compileAllowlist } from './allowlist.ts'
import { authorityUnder, type Ceiling } from './ceiling.ts'
import type { CompanyId, UserId } from './ids.ts'
import type { VerifiableKey } from './key.ts'
import { compileLimits, type RateLimit, type UseQuota } from './limit.ts'
import type { KeySecret, LoadedKey } from './loaded-key.ts'
import type { Role } from './permission.ts'
import type { Mode } from './secret.ts'
import { createShared } from './shared.ts'

/**
 * A key as its source says it, in values that any source has. Lists and records are JSON text: the keys of a company
 * repeat most of what they say, and equal texts are compiled once.
 */
export type KeyRecord = {
  readonly id: string
  readonly companyId: string
  readonly userId: string
  readonly secrets: readonly KeySecret[]
  readonly mode: string
  readonly isActive: boolean
  readonly isUserActive: boolean
  readonly isCompanyActive: boolean
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAtMs: number | null
  /** A list of entries; null: usable from everywhere. */
  readonly whitelistedIPs: string | null
  readonly role: string
  readonly isOperator: boolean
  /** Lists that narrow: the user's, the key's own. null: nothing. */
  readonly userPermissions: string | null
  readonly permissions: string | null
  readonly ceiling: string | null
  readonly metadata: string
  /** A list of rate limits, and a quota; null: none. */
  readonly rateLimits: string | null
  readonly quota: string | null
}

const text = createShared((text) => text)
const allowlistOf = createShared((json) => compileAllowlist(JSON.parse(json) as string[]))
const listOf = (json: string) => JSON.parse(json) as string[]
const ceilingOf = createShared((json) => JSON.parse(json) as Ceiling)
const metadataOf = createShared((json) => JSON.parse(json) as Readonly<Record<string, string>>)

const limitsOf = createShared((json) => compileLimits(...(JSON.parse(json) as StoredLimits)))

type StoredLimits = [rateLimits: readonly RateLimit[] | null, quota: UseQuota | null]

/** All that judging takes, made of a record once. */
export function compileKey(record: KeyRecord): LoadedKey {
  const { isOperator, isActive, isUserActive, isCompanyActive, expiresAtMs } = record
  const userPermissions = record.userPermissions === null ? null : listOf(record.userPermissions)
  const { role, authority } = authorityUnder(
    { role: text(record.role) as Role, isOperator, userPermissions },
    record.permissions === null ? null : listOf(record.permissions),
    record.ceiling === null ? null : ceilingOf(record.ceiling),
  )
  return {
    secrets: record.secrets,
    key: {
      id: record.id as VerifiableKey['id'],
      companyId: text(record.companyId) as CompanyId,
      userId: text(record.userId) as UserId,
      mode: text(record.mode) as Mode,
      isActive,
      isUserActive,
      isCompanyActive,
      expiresAtMs,
      allowlist: record.whitelistedIPs === null ? null : allowlistOf(record.whitelistedIPs),
      role,
      isOperator,
      authority,
      limits: limitsOf(`[${record.rateLimits},${record.quota}]`),
      metadata: metadataOf(record.metadata),
      noted: undefined,
    },
  }
}
