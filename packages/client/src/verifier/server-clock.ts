import { type Moment, momentOf, type Timing } from '@latchkey/core/timing'

/** More than an answer is ever late, in milliseconds. */
const APART_MS_MAX = 60_000

/** The service's clock, as its answers show it: keys expire by it, not by a clock of this machine that is off. */
export type ServerClock = {
  /** The service said that it was `now`, no sooner than `afterMs` from this moment. */
  note(now: string, at: Moment, afterMs?: number): void
  /**
   * Milliseconds since the epoch. Ahead by what an answer took to come, so that nothing lives too long, and by what either
   * clock of this machine counts: in suspend one stands still.
   */
  nowMs(): number
}

/** `onApart` hears once by how much the clock of this machine is ahead of the service's, where that is much. */
export function createServerClock(timing: Timing, onApart: (byMs: number) => void = () => {}): ServerClock {
  // Before the first answer there is no other clock.
  let at = momentOf(timing)
  let saidMs = at.wallMs
  let isTold = false
  const nowMs = () => saidMs + Math.max(timing.monotonicMs() - at.monotonicMs, timing.wallMs() - at.wallMs)
  return {
    note(now, moment, afterMs = 0) {
      const thenMs = Date.parse(now) - afterMs
      // A text that is no time says nothing.
      if (!(thenMs > 0)) return
      at = moment
      saidMs = thenMs
      const byMs = timing.wallMs() - nowMs()
      if (isTold || Math.abs(byMs) <= APART_MS_MAX) return
      isTold = true
      onApart(byMs)
    },
    nowMs,
  }
}
