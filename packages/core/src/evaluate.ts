import type { Address } from './address.ts'
import { contains } from './allowlist.ts'
import type { CompanyId } from './ids.ts'
import type { VerifiableKey } from './key.ts'
import { NOT_FOUND, type Outcome, type OutcomeCode } from './outcome.ts'
import { isPermitted } from './permission.ts'

/** One use of a key, to be judged. */
export type Attempt = {
  /** The company that may see the key; null: every company (the operator's view). */
  readonly visibleTo: CompanyId | null
  /** Where the use comes from; undefined: not known. */
  readonly address: Address | undefined
  /** Concrete permissions the use needs. */
  readonly permissions: readonly string[]
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/**
 * Judges one attempt. The order of checks is a promise to callers: visible, status, expiry, user,
 * company, address, permissions.
 */
export function evaluate(key: VerifiableKey, attempt: Attempt): Outcome {
  if (attempt.visibleTo !== null && attempt.visibleTo !== key.companyId) return NOT_FOUND
  return { code: judge(key, attempt), key }
}

function judge(key: VerifiableKey, attempt: Attempt): Exclude<OutcomeCode, 'NOT_FOUND'> {
  if (!key.isActive) return 'INACTIVE'
  if (key.expiresAtMs !== null && key.expiresAtMs <= attempt.nowMs) return 'EXPIRED'
  if (!key.isUserActive) return 'USER_INACTIVE'
  if (!key.isCompanyActive) return 'COMPANY_INACTIVE'
  if (key.allowlist !== null) {
    // A configured check that cannot be made is a refusal.
    if (attempt.address === undefined) return 'IP_REQUIRED'
    if (!contains(key.allowlist, attempt.address)) return 'IP_NOT_ALLOWED'
  }
  for (const permission of attempt.permissions) {
    if (!isPermitted(key.authority, permission)) return 'INSUFFICIENT_PERMISSIONS'
  }
  return 'VALID'
}
