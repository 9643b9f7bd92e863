import { type Fingerprint, fingerprintFromBytes } from '@latchkey/core/fingerprint'
import type { KeyRecord } from '@latchkey/core/key-record'
import type { KeySecret } from '@latchkey/core/loaded-key'

/** What verification reads of a key, session or user, with its user and its company: one indexed read. */
export type VerifiableRow = {
  readonly id: string
  readonly company_id: string
  readonly user_id: string
  /** null for a session and a user, which have no secret. */
  readonly fingerprint: Uint8Array | null
  readonly secret_ordinal?: number
  /** The secret it had before the current one; null: none. */
  readonly previous_tag: Uint8Array | null
  readonly previous_ordinal?: number
  readonly previous_ends_at?: number
  readonly successor_used_at?: number | null
  /** The presented secret, when it is not the current one. */
  readonly replaced_tag?: Uint8Array | null
  readonly replaced_ordinal?: number
  readonly replaced_ends_at?: number
  readonly mode: string
  readonly status: string
  readonly expires_at: number | null
  readonly whitelisted_ips: string | null
  readonly permissions: string | null
  readonly ceiling: string | null
  readonly metadata: string
  readonly rate_limits: string | null
  readonly quota: string | null
  readonly role: string
  readonly user_status: string
  readonly user_permissions: string | null
  readonly company_status: string
  readonly is_operator: number
}

const NONE: readonly KeySecret[] = []

export function recordOf(row: VerifiableRow): KeyRecord {
  return {
    id: row.id,
    companyId: row.company_id,
    userId: row.user_id,
    secrets: secretsOf(row),
    mode: row.mode,
    isActive: row.status === 'active',
    isUserActive: row.user_status === 'active',
    isCompanyActive: row.company_status === 'active',
    expiresAtMs: row.expires_at,
    whitelistedIPs: row.whitelisted_ips,
    role: row.role,
    isOperator: row.is_operator === 1,
    userPermissions: row.user_permissions,
    permissions: row.permissions,
    ceiling: row.ceiling,
    metadata: row.metadata,
    rateLimits: row.rate_limits,
    quota: row.quota,
  }
}

/** The current one, the one before, and the presented one where it is neither. */
function secretsOf(row: VerifiableRow): readonly KeySecret[] {
  if (row.fingerprint === null) return NONE
  const previous = tagOf(row.previous_tag)
  const isSuccessorUsed = typeof row.successor_used_at === 'number'
  const secrets: KeySecret[] = [
    {
      tag: fingerprintFromBytes(row.fingerprint),
      ordinal: row.secret_ordinal ?? 1,
      endsAtMs: null,
      replaces: isSuccessorUsed ? null : previous,
    },
  ]
  const replaced = tagOf(row.replaced_tag)
  if (previous !== null) secrets.push(ended(previous, row.previous_ordinal, row.previous_ends_at))
  if (replaced !== null && replaced !== previous) {
    // Its end is a fact of the store: the clock of a server that is behind must not bring it back.
    secrets.push({ ...ended(replaced, row.replaced_ordinal, row.replaced_ends_at), isOver: true })
  }
  return secrets
}

const tagOf = (bytes: Uint8Array | null | undefined) =>
  bytes === null || bytes === undefined ? null : fingerprintFromBytes(bytes)

const ended = (tag: Fingerprint, ordinal = 0, endsAtMs = 0): KeySecret => ({
  tag,
  ordinal,
  endsAtMs,
  replaces: null,
})
