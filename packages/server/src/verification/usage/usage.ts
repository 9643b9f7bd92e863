import type { Clock } from '@latchkey/core/clock'
import type { Attempt } from '@latchkey/core/evaluate'
import type { Outcome } from '@latchkey/core/outcome'
import type { Engine } from '../../storage/engine.ts'
import { createCountWriter } from './count-writer.ts'
import { createRests } from './rests.ts'
import { createUsageNotes } from './usage-notes.ts'
import { createUseWriter } from './use-writer.ts'
import { whileRoom } from './while-room.ts'

/** How long a use waits to be written, in milliseconds. */
const USES_MS = 1_000
/** How long it may take to write them, so that those of the next second are not kept waiting. */
const USES_SPREAD_MS = 800
/**
 * How long a count waits to be written with others, and how long the writing may take, in milliseconds. The longer, the
 * less it costs a busy server. A server that is killed loses the counts of both together, and of a moment more when the
 * store is slow.
 */
const COUNTS_MS = 20_000
const COUNTS_SPREAD_MS = 8_000
const COUNTS_LOST_MS_MAX = 30_000
/** Counts are written before somebody reads them, but not more often than this, in milliseconds. */
const ASKED_MS = 1_000

export type Usage = {
  /** Notes a verdict. Costs two entries of a list: no write belongs on the path of a verification. */
  note(outcome: Outcome, attempt: Attempt): void
  /** Writes what was noted, for somebody who waits. */
  flush(): Promise<void>
  /** Writes the counts for somebody who reads them. Returns the moment up to which those of all servers are written. */
  settle(): Promise<number>
  stop(): Promise<void>
}

type Options = {
  readonly engine: Pick<Engine, 'write' | 'writeUnsynced' | 'hasRoom'>
  readonly clock: Clock
  /** Another text each time. */
  readonly newId: () => string
  readonly onError: (error: unknown) => void
}

/**
 * Notes verdicts, and writes what follows from them: when each key was last used, and how many of each kind there were
 * a day.
 */
export function createUsage(options: Options): Usage {
  const { engine, clock, onError } = options
  const notes = createUsageNotes(() => void counts.flush().catch(onError))
  const uses = createUseWriter(engine, notes, createRests(USES_SPREAD_MS))
  const rests = createRests(COUNTS_SPREAD_MS)
  const counts = createCountWriter({ ...options, engine: whileRoom(engine), rests }, notes)
  /** On a nearly full disk they wait in memory: what is left of it is for changes that make something stop. */
  const writeUses = async (write: () => Promise<void>) => (engine.hasRoom() ? write() : undefined)
  const timers = [
    setInterval(() => void writeUses(uses.flushSlowly).catch(onError), USES_MS),
    setInterval(() => void counts.flushSlowly().catch(onError), COUNTS_MS),
  ]
  for (const timer of timers) timer.unref()

  /** Both are written, even when one of them fails. */
  async function flush(): Promise<void> {
    const ends = await Promise.allSettled([writeUses(uses.flush), counts.flush()])
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  return {
    note: notes.note,
    flush,
    async settle() {
      if (Math.abs(clock.nowMs() - counts.writtenAtMs()) >= ASKED_MS) await counts.flush().catch(onError)
      return Math.min(counts.writtenAtMs(), clock.nowMs() - COUNTS_LOST_MS_MAX)
    },
    async stop() {
      for (const timer of timers) clearInterval(timer)
      await flush()
    },
  }
}
