import { setTimeout as sleep } from 'node:timers/promises'
import { OWN_TURN } from '@latchkey/core/fair-queue'
import type { Engine, Head } from '../engine.ts'
import { NOT_ACCEPTED, NotAcceptedError } from '../not-accepted.ts'
import { explainPostgres, isRetried } from './errors.ts'
import { createPostgresFollowed } from './followed.ts'
import { assertNoRightLacking } from './lacking-rights.ts'
import { createPostgresLine } from './line.ts'
import { explainRight } from './missing-right.ts'
import { createPool } from './pool.ts'
import { createReach } from './reach.ts'
import { assertMayPruneIn } from './rights.ts'
import { type Durability, setUpPostgres } from './set-up.ts'
import { acceptIn, inspectIn, readIn } from './transactions.ts'
import { parsePostgresUrl, placeOf } from './url.ts'
import { createPostgresVerificationReads } from './verification.ts'
import { createPostgresWrites } from './writes.ts'
import { untilWritten } from './writes-under-way.ts'

const STATEMENT_MS_MAX = 10_000
/** A look-up that takes longer is refused: whoever waits for a verdict has given up by then. */
const LOOK_UP_MS_MAX = 1_000
const LOOK_UPS_MAX = 4
/** Runs of one write, when others keep being in the way. */
const RUNS_MAX = 5

const UNAVAILABLE = 'The database does not answer as it should: try again in a moment.'

export type PostgresOptions = {
  readonly url: string
  readonly connectionsMax: number
  /** What may be off at the server: see `setUpPostgres`. */
  readonly acceptedOff: readonly Durability[]
  /** Called before a question; what it answers judges the head the question saw: see `Lease.expect`. */
  readonly expect: () => (head: Head) => boolean
  /** One durable transaction, and how long it took. */
  readonly onCommit: (writes: number, durationMs: number) => void
  /** A connection broke. Another one takes its place. */
  readonly onError: (error: unknown) => void
}

/** Opens the store on a PostgreSQL server, creating and migrating its tables. Throws StoreError with one sentence. */
export async function openPostgres(options: PostgresOptions): Promise<Engine> {
  const reach = createReach(parsePostgresUrl(options.url))
  await setUpPostgres(reach, options.acceptedOff)
  const { connectionsMax, onError } = options
  const pool = createPool(reach, { name: 'store', statementMsMax: STATEMENT_MS_MAX, connectionsMax }, onError)
  const lookUps = createPool(
    reach,
    { name: 'look-up', statementMsMax: LOOK_UP_MS_MAX, connectionsMax: LOOK_UPS_MAX },
    onError,
  )
  const line = createPostgresLine(connectionsMax)
  const expect = () => assertExpectedBy(options.expect())
  const writes = createPostgresWrites({ line, pool, expect, onCommit: options.onCommit })
  const followed = createPostgresFollowed(reach, lookUps, onError)

  let isClosed = false

  const write: Engine['write'] = (work, turn = OWN_TURN) =>
    repeated((isAgain) => writes.write(work, turn, isAgain))

  return {
    store: 'postgres',
    place: placeOf(reach.server),
    read: (work, turn = OWN_TURN) =>
      line
        .through(turn, 'read', () => pool.lendForReading((client) => readIn(client, expect(), work)))
        .catch(explain),
    write,
    // It is the database that waits for its disk.
    writeUnsynced: async (work) => (await write(work)).value,
    inspect: (work) =>
      line
        .through(OWN_TURN, 'read', () => pool.lendForReading((client) => inspectIn(client, work)))
        .catch(explain),
    async accept(work) {
      const { epoch, leaseMs, marginMs } = await followed.survey()
      // A store may be in use as well: nobody is to renew a lease on it while the end of all is waited for.
      await followed.distrust(epoch)
      await sleep(leaseMs + marginMs)
      await line.through(OWN_TURN, 'write', () => pool.lend((client) => acceptIn(client, epoch, work)))
    },
    // Its disk is its own affair: what it has no room for it refuses by itself.
    hasRoom: () => true,
    untilWritten: (tables) => untilWritten(pool, tables).catch(explain),
    assertMayPrune: () => pool.lendForReading(assertMayPruneIn).catch(explain),
    assertRights: (turn) =>
      line.through(turn, 'read', () => pool.lendForReading(assertNoRightLacking)).catch(explain),
    verification: createPostgresVerificationReads(lookUps, expect),
    changes: followed,
    async close() {
      if (isClosed) return
      isClosed = true
      await followed.close()
      await Promise.all([pool.close(), lookUps.close()])
    },
  }
}

/** From the start, when another transaction was in the way: then by itself. */
async function repeated<T>(write: (isAgain: boolean) => Promise<T>): Promise<T> {
  for (let run = 1; ; run += 1) {
    try {
      return await write(run > 1)
    } catch (error) {
      if (!isRetried(error) || run === RUNS_MAX) explain(error)
    }
  }
}

function explain(error: unknown): never {
  throw explainPostgres(explainRight(error), UNAVAILABLE)
}

const assertExpectedBy = (isExpected: (head: Head) => boolean) => (head: Head) => {
  if (!isExpected(head)) throw new NotAcceptedError(NOT_ACCEPTED)
}
