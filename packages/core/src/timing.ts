/** Clocks and timers of a process, as whoever lives by a lease needs them; the simulator has its own. */
export type Timing = {
  /** Milliseconds; never set back, but it stands still while the machine is suspended. */
  monotonicMs(): number
  /** Milliseconds since the epoch; goes on in suspend, but may be set. */
  wallMs(): number
  /** Calls back once; returns a function that cancels it. */
  after(ms: number, callback: () => void): () => void
}

/** A moment on both clocks. */
export type Moment = { readonly monotonicMs: number; readonly wallMs: number }

export const momentOf = (timing: Timing): Moment => ({
  monotonicMs: timing.monotonicMs(),
  wallMs: timing.wallMs(),
})

/**
 * Whether no more than `ms` have passed since, on both clocks: the monotonic one stands still in suspend, the wall
 * clock may be set.
 */
export function isWithin(timing: Timing, since: Moment, ms: number): boolean {
  const monotonicMs = timing.monotonicMs() - since.monotonicMs
  const wallMs = timing.wallMs() - since.wallMs
  return monotonicMs >= 0 && monotonicMs <= ms && wallMs >= 0 && wallMs <= ms
}
