import type { Timing } from '@latchkey/core/timing'

/** More than an answer is ever late, in milliseconds. */
const APART_MS_MAX = 60_000

/** The service's clock, as its answers show it: keys expire by it, not by a clock of this machine that is off. */
export type ServerClock = {
  /** The service said that it was `now`, no sooner than this moment of the monotonic clock. */
  note(now: string, monotonicMs: number): void
  /** Milliseconds since the epoch. Ahead by what an answer took to come, so that nothing lives too long. */
  nowMs(): number
}

/** `onApart` hears once by how much the clock of this machine is ahead of the service's, where that is much. */
export function createServerClock(timing: Timing, onApart: (byMs: number) => void = () => {}): ServerClock {
  // Before the first answer there is no other clock.
  let aheadMs = timing.wallMs() - timing.monotonicMs()
  let isTold = false
  const nowMs = () => timing.monotonicMs() + aheadMs
  return {
    note(now, monotonicMs) {
      const saidMs = Date.parse(now)
      if (Number.isNaN(saidMs)) return
      aheadMs = saidMs - monotonicMs
      const byMs = timing.wallMs() - nowMs()
      if (isTold || Math.abs(byMs) <= APART_MS_MAX) return
      isTold = true
      onApart(byMs)
    },
    nowMs,
  }
}
