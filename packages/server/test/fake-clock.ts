import type { Clock } from '@latchkey/core/clock'

/** A clock that stands still until it is told to move, backwards too. */
export type FakeClock = Clock & { move(byMs: number): void }

export function createFakeClock(startMs: number = Date.parse('2026-11-20T09:30:00.000Z')): FakeClock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    move(byMs) {
      nowMs += byMs
    },
  }
}

const SECOND_MS = 1_000
export const HOUR_MS = 3_600 * SECOND_MS
