/** The rest after a piece of half a millisecond, in milliseconds: so a tenth of the time is worked. */
const REST_MS_MAX = 5
/** A timer cannot wait for less. */
const REST_MS_MIN = 1

export type Rests = ReturnType<typeof createRests>

/**
 * Rests between the pieces of work that nobody waits for. Without rests the work would take half of the time from
 * requests that are served meanwhile. When somebody waits for the work, the rests end. `spreadMs`: how long all of it
 * may take.
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
