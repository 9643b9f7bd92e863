import { createBoundedMap } from './bounded-map.ts'
import type { KeyHandle } from './loaded-key.ts'
import type { RevocationScope } from './revocation-scope.ts'

/** About 150 bytes each: 3 MB at worst, however many unknown keys are tried. */
const ABSENCES_MAX = 20_000

/**
 * How long "there is no such key" may be answered from memory, in milliseconds. Creation is not announced
 * between servers, so this bounds how long one of them may still refuse a key that another has just made.
 */
const ABSENCE_AGE_MS_MAX = 2_000

export type Absences = {
  isKnown(handle: KeyHandle): boolean
  note(handle: KeyHandle): void
  /** Call before a question to the store: what it does not find is noted, unless it might have come meanwhile. */
  noting(): (handle: KeyHandle) => void
  /** An import names its company: a text that clients have long presented is a key from then on. */
  drop(...revoked: readonly RevocationScope[]): void
  clear(): void
}

/** Remembers, briefly and within bounds, which handles the store did not know. */
export function createAbsences(monotonicMs: () => number): Absences {
  const begin = () => createBoundedMap<KeyHandle, number>(ABSENCES_MAX)
  let notedAtMs = begin()
  function noting(): (handle: KeyHandle) => void {
    // `clear` begins a new map: what is still noted in the old one does not count.
    const then = notedAtMs
    return (handle) => then.set(handle, monotonicMs())
  }
  function clear(): void {
    notedAtMs = begin()
  }
  return {
    isKnown(handle) {
      const sinceMs = notedAtMs.get(handle)
      if (sinceMs === undefined) return false
      const ageMs = monotonicMs() - sinceMs
      return ageMs >= 0 && ageMs <= ABSENCE_AGE_MS_MAX
    },
    note: (handle) => noting()(handle),
    noting,
    drop(...revoked) {
      if (revoked.some(({ scope }) => scope === 'company')) clear()
    },
    clear,
  }
}
