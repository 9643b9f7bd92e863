import { createBoundedMap } from '@latchkey/core/bounded-map'

/** A key nobody failed at for this long begins anew. */
const FORGET_MS = 60 * 60 * 1_000
const WAIT_MS_FIRST = 1_000
/** Longer would let a stranger keep someone out. */
const WAIT_MS_MAX = 5 * 60 * 1_000
/** About 200 bytes each; the oldest is let go first. */
const KEYS_MAX = 50_000

type Record = {
  readonly failures: number
  /** Under way: they may turn out to be failures. */
  readonly pending: number
  readonly lastAtMs: number
  readonly untilMs: number
}

export type Ending = 'failed' | 'succeeded' | 'dropped'

/** Slows down whoever keeps failing: after some failures in a row each further one doubles the wait. */
export type BackOff = {
  /** Whole seconds to wait before this key may be tried; undefined: now. `free`: failures that cost nothing. */
  secondsLeft(key: string, free: number, nowMs: number): number | undefined
  begin(key: string, nowMs: number): void
  /** `dropped`: the failure was ours, and does not count. */
  end(key: string, ending: Ending, free: number, nowMs: number): void
}

export function createBackOff(): BackOff {
  const records = createBoundedMap<string, Record>(KEYS_MAX)

  function find(key: string, nowMs: number): Record | undefined {
    const record = records.get(key)
    if (record === undefined) return undefined
    const isOver = record.pending === 0 && Math.abs(nowMs - record.lastAtMs) >= FORGET_MS
    return isOver ? undefined : record
  }

  function save(key: string, record: Record): void {
    if (record.failures === 0 && record.pending === 0) records.delete(key)
    else records.set(key, record)
  }

  return {
    secondsLeft(key, free, nowMs) {
      const record = find(key, nowMs)
      if (record === undefined) return undefined
      // Attempts under way count as failures until they end, so that many in parallel do not all slip through.
      const isBusy = record.pending > 0 && record.failures + record.pending > free
      const waitMs = record.untilMs - nowMs
      // A wait beyond the longest means that the clock was set back.
      const leftMs = Math.max(waitMs > WAIT_MS_MAX ? 0 : waitMs, isBusy ? WAIT_MS_FIRST : 0)
      return leftMs <= 0 ? undefined : Math.ceil(leftMs / 1_000)
    },
    begin(key, nowMs) {
      const { failures = 0, pending = 0, untilMs = 0, lastAtMs = nowMs } = find(key, nowMs) ?? {}
      save(key, { failures, pending: pending + 1, lastAtMs, untilMs })
    },
    end(key, ending, free, nowMs) {
      const record = records.get(key)
      if (record === undefined) return
      const pending = Math.max(0, record.pending - 1)
      if (ending === 'dropped') return save(key, { ...record, pending })
      if (ending === 'succeeded') return save(key, { failures: 0, pending, lastAtMs: nowMs, untilMs: 0 })
      const failures = record.failures + 1
      const over = failures - free
      const waitMs = over <= 0 ? 0 : Math.min(WAIT_MS_MAX, WAIT_MS_FIRST * 2 ** (over - 1))
      save(key, { failures, pending, lastAtMs: nowMs, untilMs: nowMs + waitMs })
    },
  }
}
