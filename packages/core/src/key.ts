import type { Allowlist } from './allowlist.ts'
import type { CompanyId, KeyId, SessionId, UserId } from './ids.ts'
import type { Limit } from './limit.ts'
import type { CompiledAuthority, Role } from './permission.ts'
import type { Mode } from './secret.ts'

/**
 * All that judging a key takes, compiled when it is loaded: a verification parses nothing.
 * Holds neither the secret nor its fingerprint. A session, and a user whom an outside issuer names, are judged
 * as if they were keys: one engine, one order of checks, one way to be revoked.
 */
export type VerifiableKey = {
  readonly id: KeyId | SessionId | UserId
  readonly companyId: CompanyId
  readonly userId: UserId
  readonly mode: Mode
  /** Neither deleted nor disabled. */
  readonly isActive: boolean
  readonly isUserActive: boolean
  readonly isCompanyActive: boolean
  /** Milliseconds since the epoch; null: never expires. */
  readonly expiresAtMs: number | null
  /** null: usable from everywhere. */
  readonly allowlist: Allowlist | null
  readonly role: Role
  /** Belongs to the operator's company, the first of the deployment. */
  readonly isOperator: boolean
  readonly authority: CompiledAuthority
  /** Rate limits, then the quota; null: none. */
  readonly limits: readonly Limit[] | null
  readonly metadata: Readonly<Record<string, string>>
  /** For whoever holds the key in memory, to note its use: a table of its own would cost one more look-up. */
  noted?: object | undefined
}
