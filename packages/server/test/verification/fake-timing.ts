import type { Timing } from '@latchkey/core/timing'

/** Both clocks of a process, and its timers: they go on when they are told to. */
export type FakeTiming = Timing & {
  /** Both clocks go on. What falls due is called in its turn, and what follows from it comes before the next. */
  pass(ms: number): Promise<void>
  /** Only the wall clock moves: the machine was suspended, or somebody set the clock. */
  setWall(byMs: number): void
  /** Only the monotonic clock moves. */
  setMonotonic(byMs: number): void
  /** In how many milliseconds each timer falls due. */
  readonly due: readonly number[]
}

const START_MS = Date.UTC(2026, 10, 20)

export function createFakeTiming(): FakeTiming {
  let passedMs = 0
  let monotonicMs = 0
  let wallMs = START_MS
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>()

  function goOn(toMs: number): void {
    monotonicMs += toMs - passedMs
    wallMs += toMs - passedMs
    passedMs = toMs
  }

  return {
    monotonicMs: () => monotonicMs,
    wallMs: () => wallMs,
    after(ms, callback) {
      const timer = { atMs: passedMs + ms, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    async pass(ms) {
      const untilMs = passedMs + ms
      await settled()
      for (;;) {
        const [next] = [...timers].sort((one, other) => one.atMs - other.atMs)
        if (next === undefined || next.atMs > untilMs) break
        timers.delete(next)
        goOn(next.atMs)
        next.callback()
        await settled()
      }
      goOn(untilMs)
    },
    setWall(byMs) {
      wallMs += byMs
    },
    setMonotonic(byMs) {
      monotonicMs += byMs
    },
    get due() {
      return [...timers].map(({ atMs }) => atMs - passedMs).sort((one, other) => one - other)
    },
  }
}

/** When all promises that can be settled are. */
export const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
