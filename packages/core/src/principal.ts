import type { ActorType } from './audit-action.ts'
import type { CompanyId, UserId } from './ids.ts'
import type { VerifiableKey } from './key.ts'
import type { KeySecret } from './loaded-key.ts'
import { type CompiledAuthority, compileAuthority, narrow, type Role } from './permission.ts'
import { type Reach, UNBOUND } from './reach.ts'
import type { Mode } from './secret.ts'

/** Who a request proved to be. Made from the credential alone, never from anything the request says. */
export type Principal = {
  readonly type: 'key' | 'session' | 'user' | 'host' | 'none'
  /** Id of the key, session or user that vouches for the request; null for the host and for nobody. */
  readonly id: VerifiableKey['id'] | null
  /** Names the secret that was presented, or that the token was made with; null: none. */
  readonly secretOrdinal: number | null
  /** When that secret ends because it was replaced, milliseconds since the epoch; null: it was not. */
  readonly replaceByMs: number | null
  /** The token that was presented instead of the key itself; undefined: none was. */
  readonly token: PresentedToken | undefined
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
  /** Of the key by that secret, not of a token of it: a session and a person have no bound. */
  readonly reach: Reach
}

/** What a token takes away from the key, session or user behind it, and until when it counts. */
export type PresentedToken = {
  readonly use: 'access' | 'session' | 'outside'
  /** null: it takes nothing away. */
  readonly permissions: readonly string[] | null
  /** Names the secret it was made with; null: none. */
  readonly secretOrdinal: number | null
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number
  /** The subject of the outside token that it is, or was made from; null: there is none. */
  readonly subject: OutsideSubject | null
}

/** How an outside issuer names a company and a user: by our id, or by the host application's own. */
export type OutsideSubject = {
  readonly issuer: string
  readonly companies: SpokenFor
  readonly company: OutsideName
  readonly user: OutsideName
}

/** `either`: whatever its form says. */
export type OutsideName = { readonly by: 'id' | 'externalId' | 'either'; readonly value: string }

/** The companies whose users an outside issuer's tokens may stand for. */
export type SpokenFor = {
  /** By external id or id. The operator's counts only if it is here: it can act for the whole deployment. */
  readonly named: ReadonlySet<string>
  readonly isEveryTenant: boolean
}

/** Who did it, as the audit log keeps it. */
export type Actor = {
  readonly type: ActorType
  readonly id: string | null
  readonly userId: UserId | null
  /** Canonical text; null when unknown or none. */
  readonly address: string | null
  readonly requestId: string | null
}

/** What a key may do by the token that was presented for it; undefined: the key itself was. */
export const authorityBy = (key: VerifiableKey, token: PresentedToken | undefined): CompiledAuthority =>
  token === undefined || token.permissions === null ? key.authority : narrow(key.authority, token.permissions)

/** The principal that an accepted credential proves its holder to be. */
export function principalOf(
  key: VerifiableKey,
  token: PresentedToken | undefined,
  secret?: Pick<KeySecret, 'ordinal' | 'endsAtMs'>,
): Principal {
  return {
    type: TYPES[key.id.slice(0, 3)]!,
    id: key.id,
    secretOrdinal: secret?.ordinal ?? null,
    replaceByMs: secret?.endsAtMs ?? null,
    token,
    isDerived: token?.use === 'access',
    expiresAtMs: token?.expiresAtMs ?? key.expiresAtMs,
    userId: key.userId,
    homeCompanyId: key.companyId,
    companyId: key.companyId,
    mode: key.mode,
    role: key.role,
    isOperator: key.isOperator,
    reach: TYPES[key.id.slice(0, 3)] === 'key' ? reachOf(key, secret?.endsAtMs ?? null) : UNBOUND,
    authority: authorityBy(key, token),
  }
}

/** What is made with a secret that was replaced is to be over when the secret is. */
function reachOf(key: VerifiableKey, secretEndsAtMs: number | null): Reach {
  const { allowlist, expiresAtMs, limits } = key
  if (secretEndsAtMs === null) return key
  return { allowlist, limits, expiresAtMs: Math.min(secretEndsAtMs, expiresAtMs ?? secretEndsAtMs) }
}

/** The company whose keys a principal may see; null: every company's, in the operator's own view. */
export const sightOf = ({ isOperator, companyId, homeCompanyId }: Principal): CompanyId | null =>
  isOperator && companyId === homeCompanyId ? null : companyId

/** The type follows from the kind of the id, which the store gave. */
const TYPES: Readonly<Record<string, 'key' | 'session' | 'user'>> = {
  key: 'key',
  ses: 'session',
  usr: 'user',
}

/** Whoever runs a command on the server itself: may do everything, in the company it names. */
export function hostPrincipal(companyId: CompanyId): Principal {
  return {
    ...nobody(companyId),
    type: 'host',
    role: 'owner',
    isOperator: true,
    authority: compileAuthority({ role: 'owner', isOperator: true, userPermissions: null, narrowings: [] }),
  }
}

/** Without a credential: may do nothing but what an invitation or a password that it brings allows. */
export function nobody(companyId: CompanyId): Principal {
  return {
    type: 'none',
    id: null,
    secretOrdinal: null,
    replaceByMs: null,
    token: undefined,
    isDerived: false,
    expiresAtMs: null,
    userId: null,
    homeCompanyId: null,
    companyId,
    mode: null,
    role: 'viewer',
    isOperator: false,
    reach: UNBOUND,
    authority: compileAuthority({
      role: 'viewer',
      isOperator: false,
      userPermissions: null,
      narrowings: [[]],
    }),
  }
}
