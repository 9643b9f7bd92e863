import { hash } from 'node:crypto'

/** Wrong passwords in a row that cost nothing: people mistype. */
const FREE_FAILURES = 5
const WAIT_MS_FIRST = 1_000
/** Longer would let a stranger keep someone out. */
const WAIT_MS_MAX = 5 * 60 * 1_000
/** A name nobody tried for this long begins anew. */
const FORGET_MS = 60 * 60 * 1_000
/** About 150 bytes each. */
const NAMES_MAX = 50_000

type Record = { readonly failures: number; readonly lastAtMs: number; readonly untilMs: number }

/**
 * Slows down guessing at one name: after some failures each further one doubles the wait. Names that no user
 * has are treated alike, so that nothing shows which exist.
 */
export type LockOut = {
  /** Whole seconds to wait before this name may be tried; undefined: now. */
  secondsLeft(name: string, nowMs: number): number | undefined
  fail(name: string, nowMs: number): void
  succeed(name: string): void
}

export function createLockOut(): LockOut {
  const records = new Map<string, Record>()
  return {
    secondsLeft(name, nowMs) {
      const record = records.get(keyOf(name))
      if (record === undefined || record.untilMs <= nowMs) return undefined
      return Math.ceil((record.untilMs - nowMs) / 1_000)
    },
    fail(name, nowMs) {
      const key = keyOf(name)
      const known = records.get(key)
      const isRecent = known !== undefined && nowMs - known.lastAtMs < FORGET_MS
      const failures = (isRecent ? known.failures : 0) + 1
      const over = failures - FREE_FAILURES
      const waitMs = over <= 0 ? 0 : Math.min(WAIT_MS_MAX, WAIT_MS_FIRST * 2 ** (over - 1))
      records.delete(key)
      if (records.size >= NAMES_MAX) {
        const [oldest] = records.keys()
        if (oldest !== undefined) records.delete(oldest)
      }
      records.set(key, { failures, lastAtMs: nowMs, untilMs: nowMs + waitMs })
    },
    succeed: (name) => {
      records.delete(keyOf(name))
    },
  }
}

/** A name of any length is remembered in a few bytes, and not in clear. */
const keyOf = (name: string): string => hash('sha256', name.toLowerCase(), 'base64url')
