import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { Secret } from '@latchkey/core/secret'
import { momentOf, type Timing } from '@latchkey/core/timing'
import { createVerifier, type Verifier as Engine } from '@latchkey/core/verifier'
import type { ChangesRequest, ChangesResult, KeyRecordResult } from '../wire.ts'
import { createFollower, type Follower } from './follower.ts'
import { createRecords } from './records.ts'
import { createServerClock, type ServerClock } from './server-clock.ts'

type LocalEngineOptions = {
  readonly timing: Timing
  /** What a secret is found by in memory. Throws JUDGED_ELSEWHERE for a text that memory does not judge. */
  readonly fingerprint: (secret: Secret) => Fingerprint
  readonly record: (key: string) => Promise<KeyRecordResult>
  /** On a connection of its own. Rejects after `msMax`, with the connection. */
  readonly changes: (question: ChangesRequest, msMax: number) => Promise<ChangesResult>
  /** Ends the question for changes that is under way. */
  readonly hangUp: () => void
  /** Random, for every call another. */
  readonly newId: () => string
  /** Whether an error says that the service does not accept who asks. */
  readonly isRefusal: (error: unknown) => boolean
  /** Hears of each question that was answered or not, and when the lease ends. */
  readonly onLook: () => void
  /** Hears once by how much this machine's clock is ahead of the service's, where that is much. */
  readonly onClockApart?: (byMs: number) => void
  readonly keysMax: number | undefined
}

/** The one verification engine, with memory that follows what the service says. No I/O: the simulator runs it. */
export type LocalEngine = {
  readonly engine: Engine
  readonly follower: Follower
  readonly clock: Pick<ServerClock, 'nowMs'>
}

export function createLocalEngine(options: LocalEngineOptions): LocalEngine {
  const { timing, keysMax } = options
  const clock = createServerClock(timing, options.onClockApart)
  const records = createRecords({ ask: options.record, expect: () => follower.expect(), clock, timing })
  const engine = createVerifier({
    fingerprint: options.fingerprint,
    load: records.load,
    pick: async ([tag]) => tag,
    isFresh: () => follower.isFresh(),
    expect: records.expect,
    monotonicMs: timing.monotonicMs,
    ...(keysMax === undefined ? {} : { keysMax }),
  })
  const follower = createFollower({
    ...options,
    memory: {
      drop(...revoked) {
        engine.drop(...revoked)
        records.forget()
      },
      clear() {
        engine.clear()
        records.forget()
      },
    },
    async ask(question, msMax) {
      const sent = momentOf(timing)
      const told = await options.changes(question, msMax)
      clock.note(told.now, sent, told.heldMs)
      return told
    },
  })
  return { engine, follower, clock }
}
