import { type Finding, fine, problem } from './finding.ts'

/** Before the first release of the service, or after its certificates and its users: the clock is not set. */
const PLAUSIBLE_MS = [Date.UTC(2025, 0, 1), Date.UTC(2100, 0, 1)] as const
/** Time services correct a clock by less. */
const BEHIND_MS_MAX = 5_000

const REMEDY = "Set the clock, and keep it set (for example with chrony): keys' expiry is judged by it."
const WAS_AHEAD = ' If it is right, it was ahead when that was stored: this goes away by itself at that time.'

/**
 * Whether the time can be right: it is not absurd, and not before the newest moment the store has seen. `nowMs`: after the
 * store was read, which may take long, and is written to meanwhile.
 */
export function diagnoseClock(newestMs: number | undefined, nowMs: number): Finding {
  const now = new Date(nowMs).toISOString()
  if (nowMs < PLAUSIBLE_MS[0] || nowMs > PLAUSIBLE_MS[1]) {
    return problem('clock', `It is ${now}, which cannot be.`, REMEDY)
  }
  if (newestMs !== undefined && newestMs > nowMs + BEHIND_MS_MAX) {
    const newest = new Date(newestMs).toISOString()
    return problem('clock', `It is ${now}, but the store has seen ${newest} already.`, REMEDY + WAS_AHEAD)
  }
  return fine('clock', newestMs === undefined ? now : `${now}, not before anything stored`)
}
