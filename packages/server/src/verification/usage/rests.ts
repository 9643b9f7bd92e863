/** After a piece of half a millisecond, in milliseconds: a tenth of the time is worked. */
const REST_MS_MAX = 5
/** Timers know no less. */
const REST_MS_MIN = 1

export type Rests = ReturnType<typeof createRests>

/**
 * Rests between the pieces of work that nobody waits for, until somebody does. Pieces one after the other would take half
 * of the time from whoever is served meanwhile. `spreadMs`: how long all the work may take.
 */
export function createRests(
  spreadMs: number,
  { monotonicMs, sleep }: Timing = { monotonicMs: () => performance.now(), sleep: sleepOrWake },
) {
  let endsAtMs = 0
  let hurrying = 0
  let wake: () => void = () => {}

  return {
    /** Work begins. */
    begin(): void {
      endsAtMs = monotonicMs() + spreadMs
    },
    /** After a piece. `left`: pieces that are to come. */
    async rest(left: number): Promise<void> {
      const restMs = Math.min(REST_MS_MAX, (endsAtMs - monotonicMs()) / left)
      if (hurrying > 0 || left === 0 || restMs < REST_MS_MIN) return
      await sleep(restMs, (woken) => {
        wake = woken
      })
    },
    /** Somebody waits for `work`: there are no rests until it is done, and the one under way is over. */
    async without<T>(work: () => Promise<T>): Promise<T> {
      hurrying += 1
      wake()
      try {
        return await work()
      } finally {
        hurrying -= 1
      }
    },
  }
}

type Timing = {
  readonly monotonicMs: () => number
  readonly sleep: (ms: number, onWake: (wake: () => void) => void) => Promise<void>
}

function sleepOrWake(ms: number, onWake: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    onWake(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
