import { type Allowlist, isWithin } from './allowlist.ts'
import { isWithinLimit, type Limit, QUOTA_NAME } from './limit.ts'

/** From where, until when and how often a credential may be used. null: no bound. */
export type Reach = {
  readonly allowlist: Allowlist | null
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number | null
  readonly limits: readonly Limit[] | null
}

/** A bound of a reach, by its name on the wire. */
export type Bound = 'whitelistedIPs' | 'expiresAt' | 'rateLimits' | 'quota'

export const UNBOUND: Reach = /* @__PURE__ */ Object.freeze({
  allowlist: null,
  expiresAtMs: null,
  limits: null,
})

/** The first bound in which one reach goes beyond another; undefined: in none. */
export function exceeds(wanted: Reach, held: Reach): Bound | undefined {
  // A list may be compiled when it is asked for: where nothing is held it is not.
  if (held.allowlist !== null && !isWithin(wanted.allowlist, held.allowlist)) return 'whitelistedIPs'
  const { expiresAtMs } = held
  if (expiresAtMs !== null && (wanted.expiresAtMs === null || wanted.expiresAtMs > expiresAtMs)) {
    return 'expiresAt'
  }
  const freed = held.limits?.find((limit) => !wanted.limits?.some((each) => isWithinLimit(each, limit)))
  if (freed === undefined) return undefined
  return freed.name === QUOTA_NAME ? 'quota' : 'rateLimits'
}
