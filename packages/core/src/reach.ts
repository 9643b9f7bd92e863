import { type Allowlist, isWithin } from './allowlist.ts'

/** From where and until when a credential may be used. null: no bound. */
export type Reach = {
  readonly allowlist: Allowlist | null
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number | null
}

export const UNBOUND: Reach = Object.freeze({ allowlist: null, expiresAtMs: null })

/** The first field, by its name on the wire, in which one reach goes beyond another; undefined: in none. */
export function exceeds(wanted: Reach, held: Reach): 'whitelistedIPs' | 'expiresAt' | undefined {
  if (!isWithin(wanted.allowlist, held.allowlist)) return 'whitelistedIPs'
  if (held.expiresAtMs === null) return undefined
  return wanted.expiresAtMs === null || wanted.expiresAtMs > held.expiresAtMs ? 'expiresAt' : undefined
}
