import type { Timing } from '@latchkey/core/timing'

export const systemTiming: Timing = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Rejects after `ms`, whatever becomes of the promise: its late answer is ignored. */
export function within<T>(timing: Timing, ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timing.after(ms, () => reject(new Error(`no answer within ${ms} ms`)))
    promise.then(resolve, reject).finally(cancel)
  })
}

export function pause(timing: Timing, ms: number): Promise<void> {
  return new Promise((resolve) => void timing.after(ms, resolve))
}
