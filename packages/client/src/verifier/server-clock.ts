import type { Timing } from '@latchkey/core/timing'

/** The service's clock, as its answers show it: keys expire by it, not by a clock of this machine that is off. */
export type ServerClock = {
  /** The service said that it was `now`, no sooner than this moment of the monotonic clock. */
  note(now: string, monotonicMs: number): void
  /** Milliseconds since the epoch. Ahead by what an answer took to come, so that nothing lives too long. */
  nowMs(): number
}

export function createServerClock(timing: Timing): ServerClock {
  // Before the first answer there is no other clock.
  let aheadMs = timing.wallMs() - timing.monotonicMs()
  return {
    note(now, monotonicMs) {
      const nowMs = Date.parse(now)
      if (!Number.isNaN(nowMs)) aheadMs = nowMs - monotonicMs
    },
    nowMs: () => timing.monotonicMs() + aheadMs,
  }
}
