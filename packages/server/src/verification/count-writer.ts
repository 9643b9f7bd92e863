import type { Clock } from '@latchkey/core/clock'
import type { Engine } from '../storage/engine.ts'
import { addUsageReport, type UsageReport } from '../storage/tables/usage-report.ts'
import type { UsageNotes } from './usage-notes.ts'

/** Keys in one write, so that other writes and verifications get their turn. */
const BATCH_KEYS = 200
/** Reports that wait for a store that does not answer: 100,000 keys, some 40 MB. */
const WAITING_MAX = 500

type Options = {
  readonly engine: Pick<Engine, 'write'>
  readonly clock: Clock
  /** Another text each time. */
  readonly newId: () => string
  readonly onError: (error: unknown) => void
}

/** Writes counts, as reports of which each is added once. */
export function createCountWriter(
  { engine, clock, newId, onError }: Options,
  notes: Pick<UsageNotes, 'takeCounts'>,
) {
  const waiting: UsageReport[] = []
  let flushing: Promise<void> = Promise.resolve()
  let writtenAtMs = clock.nowMs()

  function report(): void {
    const { keys, companies } = notes.takeCounts()
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

  return {
    flush(): Promise<void> {
      flushing = flushing.catch(() => {}).then(writeWaiting)
      return flushing
    },
    /** Up to then all counts of this process are written; what others counted is as old as their flush. */
    writtenAtMs: (): number => writtenAtMs,
  }
}
