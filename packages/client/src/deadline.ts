import { AbortError, TimeoutError } from './errors.ts'

/** The end of one call with all its retries: its time, or the caller's signal. */
export type Deadline = {
  readonly signal: AbortSignal
  /** Throws TimeoutError or AbortError when it is there. */
  check(cause?: unknown): void
  leftMs(): number
  /** Waits for `work`, or throws as `check` does. */
  within<T>(work: Promise<T>): Promise<T>
  /** Waits, or throws as `check` does. */
  pause(ms: number): Promise<void>
  close(): void
}

/** Beyond it a timer is over at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

export function createDeadline(timeoutMs: number, signal: AbortSignal | undefined, what: string): Deadline {
  const controller = new AbortController()
  const endsAtMs = performance.now() + timeoutMs
  const abort = () => controller.abort()
  const over = new Promise<void>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve())
  })
  const timer = setTimeout(abort, Math.min(timeoutMs, TIMER_MS_MAX))
  // What is waited for keeps the process alive, if it is to be kept; in a browser there is nothing to let go.
  ;(timer as { unref?(): void }).unref?.()
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  return {
    signal: controller.signal,
    check(cause) {
      if (signal?.aborted) throw new AbortError(signal.reason)
      if (controller.signal.aborted)
        throw new TimeoutError(`${what} was not answered within ${timeoutMs} ms.`, cause)
    },
    leftMs: () => endsAtMs - performance.now(),
    async within(work) {
      await Promise.race([work, over])
      this.check()
      return work
    },
    async pause(ms) {
      await new Promise<void>((resolve) => {
        const over = () => {
          clearTimeout(pauseTimer)
          controller.signal.removeEventListener('abort', over)
          resolve()
        }
        const pauseTimer = setTimeout(over, ms)
        controller.signal.addEventListener('abort', over)
        if (controller.signal.aborted) over()
      })
      this.check()
    },
    close() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    },
  }
}
