import type { Address } from './address.ts'
import { contains } from './allowlist.ts'
import type { CompanyId } from './ids.ts'
import type { VerifiableKey } from './key.ts'
import type { KeySecret } from './loaded-key.ts'
import { NOT_FOUND, type Outcome } from './outcome.ts'
import type { OutcomeCode } from './outcome-code.ts'
import { isPermitted } from './permission.ts'
import { authorityBy, type PresentedToken, type Principal } from './principal.ts'

/** One use of a key, with all that it is judged by. */
export type Attempt = {
  /** The company that may see the key; null: every company (the operator's view). */
  readonly visibleTo: CompanyId | null
  /** Where the use comes from; undefined: not known. */
  readonly address: Address | undefined
  /** Concrete permissions the use needs. */
  readonly permissions: readonly string[]
  /** The key that needs no permission, for it asks about itself; null: there is none. */
  readonly exempt: string | null
  /** The token that was presented in place of the key: it may end sooner and may do less. undefined: none. */
  readonly token: PresentedToken | undefined
  /** Names the secret that the token was made with, where the key is found by its id; null: none. */
  readonly secretOrdinal: number | null
  /** Who asks about somebody else's key; null: the key speaks for itself. */
  readonly asker: Asker | null
  /** How much of the key's limits the use takes; null: it does not count. */
  readonly cost: number | null
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/** Both null: a gateway that is known by its address. */
export type Asker = Pick<Principal, 'id' | 'homeCompanyId'>

/** An attempt that only asks whether the key is in force. */
export const IN_FORCE: Omit<Attempt, 'address' | 'nowMs'> = /* @__PURE__ */ Object.freeze({
  visibleTo: null,
  permissions: /* @__PURE__ */ Object.freeze([]),
  exempt: null,
  token: undefined,
  secretOrdinal: null,
  asker: null,
  cost: null,
})

/**
 * Judges one attempt. The order of checks is a promise to callers: visible, status, expiry, user,
 * company, address, permissions. `secret`: the one that was presented, whose end is part of its key's status.
 */
export function evaluate(key: VerifiableKey, attempt: Attempt, secret?: KeySecret): Outcome {
  if (attempt.visibleTo !== null && attempt.visibleTo !== key.companyId) return NOT_FOUND
  return { code: judge(key, attempt, secret), key, secret }
}

function judge(
  key: VerifiableKey,
  attempt: Attempt,
  secret: KeySecret | undefined,
): Exclude<OutcomeCode, 'NOT_FOUND'> {
  if (!key.isActive || hasEnded(secret, attempt.nowMs)) return 'INACTIVE'
  if (key.expiresAtMs !== null && key.expiresAtMs <= attempt.nowMs) return 'EXPIRED'
  if (isTokenOver(attempt)) return 'EXPIRED'
  if (!key.isUserActive) return 'USER_INACTIVE'
  if (!key.isCompanyActive) return 'COMPANY_INACTIVE'
  if (key.allowlist !== null) {
    // A configured check that cannot be made is a refusal.
    if (attempt.address === undefined) return 'IP_REQUIRED'
    if (!contains(key.allowlist, attempt.address)) return 'IP_NOT_ALLOWED'
  }
  return missingPermission(key, attempt) === undefined ? 'VALID' : 'INSUFFICIENT_PERMISSIONS'
}

export const hasEnded = (secret: KeySecret | undefined, nowMs: number): boolean =>
  secret !== undefined && (secret.isOver === true || (secret.endsAtMs !== null && secret.endsAtMs <= nowMs))

export const isTokenOver = ({ token, nowMs }: Pick<Attempt, 'token' | 'nowMs'>): boolean =>
  token !== undefined && token.expiresAtMs <= nowMs

/** The first permission that the attempt needs and that the key, or the token in its place, does not have. */
export function missingPermission(
  key: VerifiableKey,
  { permissions, token, exempt }: Pick<Attempt, 'permissions' | 'token' | 'exempt'>,
): string | undefined {
  if (permissions.length === 0) return undefined
  // A token is made to do less than its key, so it is not exempt.
  if (token === undefined && key.id === exempt) return undefined
  const authority = authorityBy(key, token)
  return permissions.find((permission) => !isPermitted(authority, permission))
}
