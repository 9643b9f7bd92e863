import type { Clock } from '@latchkey/core/clock'
import type { Engine } from '../storage/engine.ts'
import { createPause } from '../storage/short-turns.ts'
import type { Db } from '../storage/tables/schema.ts'
import { addUsageReport, type CompanyUse } from '../storage/tables/usage-report.ts'
import { inOrder } from './in-order.ts'
import type { UsageNotes } from './usage-notes.ts'
import { type CountedKey, useOf } from './usage-tally.ts'

/** Keys, and companies, in one write, so that other writes get their turn, and its commit takes less than one. */
const BATCH_KEYS = 50
const BATCH_COMPANIES = 50
/** Reports that wait for a store that does not answer: 300,000 keys, some 120 MB. More than one flush can have. */
const WAITING_MAX = 6_000

type Options = {
  readonly engine: Pick<Engine, 'write' | 'writeUnsynced'>
  readonly clock: Clock
  /** Another text each time. */
  readonly newId: () => string
  readonly onError: (error: unknown) => void
}

/** A report before it is written. */
type Waiting = {
  readonly id: string
  readonly atMs: number
  readonly keys: readonly CountedKey[]
  readonly companies: readonly CompanyUse[]
}

/** Writes counts, as reports of which each is added once. */
export function createCountWriter(
  { engine, clock, newId, onError }: Options,
  notes: Pick<UsageNotes, 'takeCounts'>,
) {
  const waiting: Waiting[] = []
  const pause = createPause()
  let flushing: Promise<void> = Promise.resolve()
  let writtenAtMs = clock.nowMs()

  async function report(atMs: number): Promise<void> {
    const { keys, companies } = notes.takeCounts()
    for await (const batch of inOrder(keys, { idOf, batchMax: BATCH_KEYS, pause })) {
      waiting.push({ id: newId(), atMs, keys: batch, companies: [] })
    }
    // Last and by themselves: all servers add to these rows, and nobody holds them for long.
    for (let start = 0; start < companies.length; start += BATCH_COMPANIES) {
      waiting.push({
        id: newId(),
        atMs,
        keys: [],
        companies: companies.slice(start, start + BATCH_COMPANIES),
      })
    }
    const lost = waiting.length - WAITING_MAX
    if (lost <= 0) return
    waiting.splice(0, lost)
    onError(new Error(`${lost} reports of counts were lost: the store takes no writes`))
  }

  /** One that was written, although its answer was lost, is not added a second time. */
  async function writeWaiting(): Promise<void> {
    const atMs = clock.nowMs()
    await report(atMs)
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const adding = { ...next, keys: next.keys.map(useOf) }
      const add = (db: Db) => addUsageReport(db, adding, pause)
      // What is on disk with the last is all that was written before it.
      await (waiting.length === 1 ? engine.write(add) : engine.writeUnsynced(add))
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

const idOf = ({ keyId }: CountedKey): string => keyId
