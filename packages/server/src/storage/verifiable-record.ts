import { fingerprintFromBytes } from '@latchkey/core/fingerprint'
import type { KeyRecord } from '@latchkey/core/key-record'
import type { KeySecret } from '@latchkey/core/loaded-key'

/** What verification reads of a key, session or user, with its user and its company: one indexed read. */
export type VerifiableRow = {
  readonly id: string
  readonly company_id: string
  readonly user_id: string
  /** null for a session and a user, which have no secret. */
  readonly fingerprint: Uint8Array | null
  readonly mode: string
  readonly status: string
  readonly expires_at: number | null
  readonly whitelisted_ips: string | null
  readonly permissions: string | null
  readonly ceiling: string | null
  readonly metadata: string
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
    secrets:
      row.fingerprint === null ? NONE : [{ tag: fingerprintFromBytes(row.fingerprint), endsAtMs: null }],
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
  }
}
