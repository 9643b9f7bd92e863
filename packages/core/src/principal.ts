import type { CompanyId, UserId } from './ids.ts'
import type { CompiledAuthority, Role } from './permission.ts'
import type { Mode } from './secret.ts'

/** Who a request proved to be. Made from the credential alone, never from anything the request says. */
export type Principal = {
  readonly type: 'key' | 'session' | 'user' | 'host'
  /** Id of the key, session or user that vouches for the request; null for the host. */
  readonly id: string | null
  /** Came with a token made from that key, session or user, not with the key itself. */
  readonly isDerived: boolean
  /** When the credential runs out, milliseconds since the epoch; null: it does not. */
  readonly expiresAtMs: number | null
  /** null for the host, which stands for nobody. */
  readonly userId: UserId | null
  /** The company the credential belongs to; null for the host. */
  readonly homeCompanyId: CompanyId | null
  /** The company this request acts for: its own, but for an operator who names another. */
  readonly companyId: CompanyId
  /** Of the key; null for the host. */
  readonly mode: Mode | null
  readonly role: Role
  /** Belongs to the operator's company. */
  readonly isOperator: boolean
  readonly authority: CompiledAuthority
}

/** Who did it, as the audit log keeps it. */
export type Actor = {
  readonly type: string
  readonly id: string | null
  readonly userId: UserId | null
  /** Canonical text; null when unknown or none. */
  readonly address: string | null
  readonly requestId: string | null
}
