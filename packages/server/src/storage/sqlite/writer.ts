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
/** Writes of one turn of the event loop, in milliseconds: then others are served, while the transaction stays open. */
const TURN_MS = 0.5
/** Writes waiting at once: beyond it the store is too slow for the load, and saying so early is kinder. */
const WAITING_MAX = 5_000
/** Of one company, so that there is room for the others. */
const WAITING_OF_PARTY_MAX = 2_500

type Job = {
  readonly work: (db: Db) => Promise<unknown>
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

export type SqliteWriter = {
  /** Companies that wait take turns, and so do revocations and other writes: see `FairQueue`. */
  write<T>(work: (db: Db) => Promise<T>, turn?: Turn): Promise<T>
  /** Resolves when every write taken so far is settled. */
  idle(): Promise<void>
}

/**
 * The one writer of a process: writes that wait together share one transaction (group commit), each inside a
 * savepoint of its own, so that one that throws does not spoil its neighbours. Nobody is answered before the
 * commit has returned, which with synchronous=FULL means it is on disk.
 */
export function createSqliteWriter(
  connection: SqliteConnection,
  hooks: WriterHooks,
  monotonicMs: () => number = () => performance.now(),
): SqliteWriter {
  const waiting = createFairQueue<Job>({
    waitingMax: WAITING_MAX,
    waitingOfPartyMax: WAITING_OF_PARTY_MAX,
  })
  let draining: Promise<void> | undefined

  async function drain(): Promise<void> {
    while (waiting.size > 0) {
      const batch: Job[] = []
      try {
        // Requests that arrive together are read one after the other in one turn of the event loop: all of them first.
        await nextTurn()
        await begin(connection)
        const startedAtMs = monotonicMs()
        const outcomes = await commit(connection, () => take(batch, startedAtMs), monotonicMs)
        if (outcomes.some(isKept)) hooks.onCommit(batch.length, monotonicMs() - startedAtMs)
        settle(outcomes, hooks.onFatal)
      } catch (error) {
        if (isFatal(error)) hooks.onFatal(error)
        // Without the lock nobody who waits can be served; a failed commit concerns its batch only.
        for (const job of batch.length > 0 ? batch : takeAll(waiting)) job.reject(explain(error))
      }
    }
  }

  /** The next write of a batch, if it may have one more. A batch of one has its transaction to itself. */
  function take(batch: Job[], startedAtMs: number): Taken | undefined {
    const isFull = batch.length >= BATCH_MAX || monotonicMs() - startedAtMs >= BATCH_MS_MAX
    const job = isFull ? undefined : waiting.take()
    if (job === undefined) return undefined
    batch.push(job)
    return { job, isAlone: batch.length === 1 && waiting.size === 0 }
  }

  return {
    write<T>(work: (db: Db) => Promise<T>, turn: Turn = OWN_TURN): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        const job = { work, resolve: resolve as (value: unknown) => void, reject }
        if (!waiting.push(turn, job)) {
          reject(unavailable('Too many writes are waiting: try again in a moment.'))
          return
        }
        draining ??= drain().finally(() => {
          draining = undefined
        })
      })
    },
    idle: async () => {
      while (draining !== undefined) await draining
    },
  }
}

function takeAll(waiting: FairQueue<Job>): Job[] {
  const taken: Job[] = []
  while (waiting.size > 0) taken.push(waiting.take()!)
  return taken
}

type Taken = { readonly job: Job; readonly isAlone: boolean }

/** Runs a batch inside the transaction that is open, each job by itself, and makes it durable. */
async function commit(
  connection: SqliteConnection,
  take: () => Taken | undefined,
  monotonicMs: () => number,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  let turnBeganAtMs = monotonicMs()
  try {
    for (let taken = take(); taken !== undefined; taken = take()) {
      outcomes.push(await (taken.isAlone ? runAlone : run)(connection, taken.job))
      if (taken.isAlone) break
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
