import type { Clock } from '@latchkey/core/clock'
import type { Attempt } from '@latchkey/core/evaluate'
import type { Outcome } from '@latchkey/core/outcome'
import type { Engine } from '../storage/engine.ts'
import { addUsageReport, type UsageReport } from '../storage/tables/usage-report.ts'
import { createTally } from './usage-tally.ts'

/**
 * How long a count waits to be written, in milliseconds; one that is killed loses no more. A write costs 25 µs or more for
 * each key that was used meanwhile: the longer it waits, the less of a busy server it takes.
 */
const FLUSH_MS = 30_000
/** Whoever reads counts has them written first, but not more often than this, in milliseconds. */
const ASKED_MS = 1_000
/** Keys in one write, so that other writes and verifications get their turn. */
const BATCH_KEYS = 200
/** Reports that wait for a store that does not answer: 100,000 keys, some 40 MB. */
const WAITING_MAX = 500

export type UsageCounts = {
  /** Counts a verdict. Costs two entries of a list: no write belongs on the path of a verification. */
  note(outcome: Outcome, attempt: Attempt): void
  /** Writes what was counted. */
  flush(): Promise<void>
  /** The same for somebody who wants to read the counts; answers the moment up to which all of them are there. */
  settle(): Promise<number>
  stop(): Promise<void>
}

type Options = {
  readonly engine: Pick<Engine, 'write'>
  readonly clock: Clock
  /** Another text each time. */
  readonly newId: () => string
  readonly onError: (error: unknown) => void
}

export function createUsageCounts({ engine, clock, newId, onError }: Options): UsageCounts {
  const tally = createTally(() => void flush().catch(onError))
  const waiting: UsageReport[] = []
  let flushing: Promise<void> = Promise.resolve()
  /** Up to then all counts of this process are written; what others counted is as old as their flush. */
  let writtenAtMs = clock.nowMs()
  const timer = setInterval(() => void flush().catch(onError), FLUSH_MS)
  timer.unref()

  function report(): void {
    const { keys, companies } = tally.take()
    const atMs = clock.nowMs()
    for (let start = 0; start < keys.length; start += BATCH_KEYS) {
      waiting.push({ id: newId(), atMs, keys: keys.slice(start, start + BATCH_KEYS), companies: [] })
    }
    // Last and by themselves: all servers add to these rows, and nobody holds them for long.
    if (companies.length > 0) waiting.push({ id: newId(), atMs, keys: [], companies })
    const lost = waiting.length - WAITING_MAX
    if (lost <= 0) return
    waiting.splice(0, lost)
    onError(new Error(`${lost} reports of counts were lost: the store takes no writes`))
  }

  /** One that was written, although its answer was lost, is not added a second time. */
  async function writeWaiting(): Promise<void> {
    const atMs = clock.nowMs()
    report()
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const adding = next
      await engine.write((db) => addUsageReport(db, adding))
      waiting.shift()
    }
    writtenAtMs = atMs
  }

  function flush(): Promise<void> {
    flushing = flushing.catch(() => {}).then(writeWaiting)
    return flushing
  }

  return {
    note: tally.note,
    flush,
    async settle() {
      if (Math.abs(clock.nowMs() - writtenAtMs) >= ASKED_MS) await flush().catch(onError)
      return Math.min(writtenAtMs, clock.nowMs() - FLUSH_MS)
    },
    async stop() {
      clearInterval(timer)
      await flush()
    },
  }
}
