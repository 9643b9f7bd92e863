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
 * How long a count waits until it is written with others, and how long that may take, in milliseconds: the longer, the less
 * of a busy server it takes. Both together, and a moment for a store that is slow, are what one that is killed loses.
 */
const COUNTS_MS = 20_000
const COUNTS_SPREAD_MS = 8_000
const COUNTS_LOST_MS_MAX = 30_000
/** Whoever reads counts has them written first, but not more often than this, in milliseconds. */
const ASKED_MS = 1_000

export type Usage = {
  /** Notes a verdict. Costs two entries of a list: no write belongs on the path of a verification. */
  note(outcome: Outcome, attempt: Attempt): void
  /** Writes what was noted, for somebody who waits. */
  flush(): Promise<void>
  /** The same for somebody who wants to read the counts; answers the moment up to which all of them are there. */
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

/** What becomes of verdicts: when each key was last used, and how often each thing happened on a day. */
export function createUsage(options: Options): Usage {
  const { engine, clock, onError } = options
  const notes = createUsageNotes(() => void counts.flush().catch(onError))
  const uses = createUseWriter(engine, notes, createRests(USES_SPREAD_MS))
  const rests = createRests(COUNTS_SPREAD_MS)
  const counts = createCountWriter({ ...options, engine: whileRoom(engine), rests }, notes)
  /** They wait in memory while they would take what is left of the disk. */
  const writeUses = async (write: () => Promise<void>) => (engine.hasRoom() ? write() : undefined)
  const timers = [
    setInterval(() => void writeUses(uses.flushSlowly).catch(onError), USES_MS),
    setInterval(() => void counts.flushSlowly().catch(onError), COUNTS_MS),
  ]
  for (const timer of timers) timer.unref()

  /** Neither waits for the other, and one that fails does not keep the other from being written. */
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
