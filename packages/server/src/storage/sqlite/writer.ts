import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '@latchkey/core/error'
import { createFairQueue, type FairQueue, OWN_TURN, type Turn } from '@latchkey/core/fair-queue'
import type { Db } from '../tables/schema.ts'
import type { SqliteConnection } from './connection.ts'
import { isBusy, isFatal, isFull } from './errors.ts'

/** How long a write waits for another process's transaction before it is refused, in milliseconds. */
const BUSY_MS_MAX = 5_000
const BUSY_RETRY_MS = 10
/** Writes that share one durable transaction: more would only lengthen the wait of the first. */
const BATCH_MAX = 128
/** How long a transaction takes further writes, in milliseconds: the same, where each of them takes long. */
const BATCH_MS_MAX = 20
/** How long a transaction that has not begun waits for more of them, in milliseconds. */
const GATHERING_MS_MAX = 5
/** Writes of one turn of the event loop, in milliseconds: then others are served, while the transaction stays open. */
const TURN_MS = 0.5
const WAITING_LIMITS = {
  /** Writes waiting at once: beyond it the store is too slow for the load, and saying so early is kinder. */
  waitingMax: 5_000,
  /** Of one company, so that there is room for the others. */
  waitingOfPartyMax: 2_500,
}

type Job = {
  readonly work: (db: Db) => Promise<unknown>
  readonly isSynced: boolean
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}
type Outcome = { readonly job: Job; readonly value: unknown } | { readonly job: Job; readonly error: unknown }

/** What a store tells of itself while it works. */
export type WriterHooks = {
  /** The disk failed under the store; must end the process. */
  readonly onFatal: (error: unknown) => void
  /** One durable transaction: how many writes shared it and how long it took. */
  readonly onCommit: (writes: number, durationMs: number) => void
}

type Hooks = WriterHooks & {
  /** Told when the writes of a transaction are answered; the next one waits for what it answers. */
  readonly afterCommit?: () => Promise<void> | undefined
}

export type SqliteWriter = {
  /** Companies that wait take turns, and so do revocations and other writes: see `FairQueue`. */
  write<T>(work: (db: Db) => Promise<T>, turn?: Turn): Promise<T>
  /** A write that a machine without power may lose: it does not hold the event loop until the disk has it. */
  writeUnsynced<T>(work: (db: Db) => Promise<T>): Promise<T>
  /** See `Engine`. */
  gatherWhile(isMoreComing: () => boolean): void
  /** Resolves when every write taken so far is settled. */
  idle(): Promise<void>
}

/**
 * The one writer of a process: writes that wait together share one transaction (group commit), each inside a
 * savepoint of its own, so that one that throws does not spoil its neighbours. Nobody is answered before the
 * commit has returned, which with synchronous=FULL means it is on disk. A transaction of unsynced writes alone has
 * synchronous=NORMAL: whatever is lost of it, what was synced before is not, and the file is whole.
 */
export function createSqliteWriter(
  connection: SqliteConnection,
  hooks: Hooks,
  monotonicMs: () => number = () => performance.now(),
): SqliteWriter {
  const waiting = createFairQueue<Job>(WAITING_LIMITS)
  let draining: Promise<void> | undefined
  let isMoreComing = () => false
  const sync = createSync(connection)

  async function drain(): Promise<void> {
    while (waiting.size > 0) {
      await gathered(waiting, isMoreComing, monotonicMs)
      const batch = [waiting.take()!]
      let isOpen = false
      try {
        sync(batch[0]!.isSynced)
        await begin(connection)
        isOpen = true
        const startedAtMs = monotonicMs()
        const isTimeLeft = () => monotonicMs() - startedAtMs < BATCH_MS_MAX
        const outcomes = await commit(connection, takeInto(batch, waiting, isTimeLeft), monotonicMs)
        if (outcomes.some(isKept)) hooks.onCommit(batch.length, monotonicMs() - startedAtMs)
        settle(outcomes, hooks.onFatal)
        await hooks.afterCommit?.()
      } catch (error) {
        if (isFatal(error)) hooks.onFatal(error)
        // Without the lock nobody who waits can be served; a failed commit concerns its batch only.
        for (const job of isOpen ? batch : [...batch, ...takeAll(waiting)]) job.reject(explain(error))
      }
    }
    // At once: whoever writes next must not count on a loop that is over.
    draining = undefined
  }

  function push<T>(
    job: Pick<Job, 'isSynced'> & { readonly work: (db: Db) => Promise<T> },
    turn: Turn,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!waiting.push(turn, { ...job, resolve: resolve as (value: unknown) => void, reject })) {
        reject(unavailable('Too many writes are waiting: try again in a moment.'))
        return
      }
      draining ??= drain()
    })
  }

  return {
    write: (work, turn = OWN_TURN) => push({ work, isSynced: true }, turn),
    writeUnsynced: (work) => push({ work, isSynced: false }, OWN_TURN),
    gatherWhile(ask) {
      isMoreComing = ask
    },
    idle: async () => {
      while (draining !== undefined) await draining
    },
  }
}

/**
 * Requests that arrive together are read one after the other in one turn of the event loop, and have their turns in the
 * next ones. As long as each of those brings another write, the transaction that all of them share can wait: the disk
 * takes longer. Whoever writes alone does not wait.
 */
async function gathered(
  waiting: Pick<FairQueue<Job>, 'size'>,
  isMoreComing: () => boolean,
  monotonicMs: () => number,
): Promise<void> {
  const beganAtMs = monotonicMs()
  const isTimeLeft = () => monotonicMs() - beganAtMs < GATHERING_MS_MAX
  let seen = 0
  await nextTurn()
  while (isMoreComing() && waiting.size > seen && waiting.size < BATCH_MAX && isTimeLeft()) {
    seen = waiting.size
    await nextTurn()
  }
}

function takeAll(waiting: FairQueue<Job>): Job[] {
  const taken: Job[] = []
  while (waiting.size > 0) taken.push(waiting.take()!)
  return taken
}

/** Has the next transaction synced or not. SQLite takes that between transactions only, so that it is that of a whole one. */
function createSync({ database }: SqliteConnection): (isToBeSynced: boolean) => void {
  let isSynced = true
  return (isToBeSynced) => {
    if (isToBeSynced === isSynced) return
    database.exec(`PRAGMA synchronous = ${isToBeSynced ? 'FULL' : 'NORMAL'}`)
    isSynced = isToBeSynced
  }
}

type Taken = { readonly job: Job; readonly isAlone: boolean }

/** The writes of a batch that has its first, one after the other. A batch of one has its transaction to itself. */
function* takeInto(
  batch: Job[],
  waiting: Pick<FairQueue<Job>, 'size' | 'take'>,
  isTimeLeft: () => boolean,
): Generator<Taken> {
  const first = batch[0]!
  yield { job: first, isAlone: waiting.size === 0 }
  while (batch.length < BATCH_MAX && isTimeLeft()) {
    // A synced transaction takes all; in one that is not, nobody waits who was promised more.
    const job = waiting.take(({ isSynced }) => first.isSynced || !isSynced)
    if (job === undefined) return
    batch.push(job)
    yield { job, isAlone: false }
  }
}

/** Runs a batch inside the transaction that is open, each job by itself, and makes it durable. */
async function commit(
  connection: SqliteConnection,
  jobs: Iterable<Taken>,
  monotonicMs: () => number,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  let turnBeganAtMs = monotonicMs()
  try {
    for (const { job, isAlone } of jobs) {
      outcomes.push(await (isAlone ? runAlone : run)(connection, job))
      if (isAlone) break
      if (monotonicMs() - turnBeganAtMs < TURN_MS) continue
      await nextTurn()
      turnBeganAtMs = monotonicMs()
    }
    if (connection.database.isTransaction || outcomes.some(isKept)) connection.exec('COMMIT')
    return outcomes
  } catch (error) {
    if (connection.database.isTransaction) connection.exec('ROLLBACK')
    throw error
  }
}

/** The transaction is the job's own: what would undo the job undoes all there is. */
async function runAlone(connection: SqliteConnection, job: Job): Promise<Outcome> {
  try {
    return { job, value: await job.work(connection.db) }
  } catch (error) {
    if (connection.database.isTransaction) connection.exec('ROLLBACK')
    return { job, error }
  }
}

async function run(connection: SqliteConnection, job: Job): Promise<Outcome> {
  connection.exec('SAVEPOINT job')
  try {
    const value = await job.work(connection.db)
    connection.exec('RELEASE job')
    return { job, value }
  } catch (error) {
    // A full disk or a broken one ends the whole transaction by itself: then there is nothing to undo here.
    if (!connection.database.isTransaction) throw error
    connection.exec('ROLLBACK TO job')
    connection.exec('RELEASE job')
    return { job, error }
  }
}

/** A deferred BEGIN would fail late, when the snapshot it read is no longer the newest: IMMEDIATE locks first. */
async function begin(connection: SqliteConnection): Promise<void> {
  const deadlineMs = performance.now() + BUSY_MS_MAX
  for (;;) {
    try {
      return connection.exec('BEGIN IMMEDIATE')
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadlineMs) throw error
      await sleep(BUSY_RETRY_MS)
    }
  }
}

const isKept = (outcome: Outcome): boolean => !('error' in outcome)

function settle(outcomes: readonly Outcome[], onFatal: (error: unknown) => void): void {
  for (const outcome of outcomes) {
    if (!('error' in outcome)) {
      outcome.job.resolve(outcome.value)
      continue
    }
    if (isFatal(outcome.error)) onFatal(outcome.error)
    outcome.job.reject(explain(outcome.error))
  }
}

/** A store that cannot take a write now is an expected failure; everything else is passed on as it is. */
function explain(error: unknown): unknown {
  if (isBusy(error))
    return unavailable('The database is busy with another process: try again in a moment.', error)
  if (isFull(error)) return unavailable('The disk of the service is full: nothing was stored.', error)
  if (isFatal(error)) return unavailable('The disk of the service failed: nothing was stored.', error)
  return error
}

function unavailable(detail: string, cause?: unknown): AppError {
  return new AppError('unavailable', detail, { retryAfterSeconds: 1, cause })
}
