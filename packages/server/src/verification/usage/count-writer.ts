import type { Clock } from '@latchkey/core/clock'
import type { Engine } from '../../storage/engine.ts'
import { createPause } from '../../storage/short-turns.ts'
import type { Db } from '../../storage/tables/schema.ts'
import { addUsageReport, type UsageReport } from '../../storage/tables/usage-report.ts'
import type { Rests } from './rests.ts'
import { sortInPieces } from './sort-in-pieces.ts'
import type { UsageNotes } from './usage-notes.ts'
import type { CountedKey } from './usage-tally.ts'

/** Keys, or companies, in one write: few enough that others get their turn. */
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
  readonly rests: Rests
}

/** Writes counts, in reports. Each report is added once, however often it is sent. */
export function createCountWriter(
  { engine, clock, newId, onError, rests }: Options,
  notes: Pick<UsageNotes, 'takeCounts'>,
) {
  const waiting: UsageReport[] = []
  const pause = createPause()
  let flushing: Promise<void> = Promise.resolve()
  let writtenAtMs = clock.nowMs()
  let writtenId: string | undefined

  async function report(atMs: number): Promise<void> {
    const { keys, companies } = notes.takeCounts()
    const sorted = await sortInPieces(keys, { idOf, compare, pause })
    for (const one of reportsOf({ keys: sorted, companies }, newId(), atMs)) waiting.push(one)
    const lost = waiting.length - WAITING_MAX
    if (lost <= 0) return
    waiting.splice(0, lost)
    onError(new Error(`${lost} reports of counts were lost: the store takes no writes`))
  }

  /** A report that was written, although the answer got lost, is not added a second time. */
  async function writeWaiting(): Promise<void> {
    const atMs = clock.nowMs()
    rests.begin()
    await report(atMs)
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const adding = { ...next, after: writtenId }
      const add = (db: Db) => addUsageReport(db, adding, pause)
      // Only the last waits for the disk: with it, all that was written before is there.
      await (waiting.length === 1 ? engine.write(add) : engine.writeUnsynced(add))
      writtenId = adding.id
      waiting.shift()
      await rests.rest(waiting.length)
    }
    writtenAtMs = atMs
  }

  function flushSlowly(): Promise<void> {
    flushing = flushing.catch(() => {}).then(writeWaiting)
    return flushing
  }

  return {
    /** Without rests, for somebody who waits. */
    flush: (): Promise<void> => rests.without(flushSlowly),
    flushSlowly,
    /** The moment up to which all counts of this process are written. */
    writtenAtMs: (): number => writtenAtMs,
  }
}

type Taken = Pick<UsageReport, 'keys' | 'companies'>

function* reportsOf({ keys, companies }: Taken, id: string, atMs: number): Generator<UsageReport> {
  let number = 0
  // Numbered, so that they lie side by side in the index.
  const nextId = () => `${id} ${String(++number).padStart(5, '0')}`
  for (let start = 0; start < keys.length; start += BATCH_KEYS) {
    yield { id: nextId(), atMs, keys: keys.slice(start, start + BATCH_KEYS), companies: [] }
  }
  // Companies come last, in writes of their own: all servers add to these rows, so nobody may hold them for long.
  for (let start = 0; start < companies.length; start += BATCH_COMPANIES) {
    yield { id: nextId(), atMs, keys: [], companies: companies.slice(start, start + BATCH_COMPANIES) }
  }
}

const idOf = ({ keyId }: CountedKey): string => keyId
const compare = (one: CountedKey, other: CountedKey): number => one.day - other.day
