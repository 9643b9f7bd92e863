import { AppError } from '@latchkey/core/error'
import type pg from 'pg'
import { type Head, ownerOf, type Revoke, type Revoked, WriteConflict, type Written } from '../engine.ts'
import type { Db } from '../tables/schema.ts'
import type { PostgresClient } from './client.ts'
import { builderOver } from './connection.ts'
import { isConnectionLost, isEndedIdle, isUnavailable } from './errors.ts'
import { ACCEPT_HEAD, commitWith, READ_HEAD, type SeenHead } from './head.ts'

/**
 * A server that freezes in the middle of a write holds its company's row: the database ends such a transaction
 * after this long, in milliseconds.
 */
const IDLE_IN_WRITE_MS_MAX = 400

const BEGIN_READ = `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; ${READ_HEAD}`
const BEGIN_WRITE = `BEGIN ISOLATION LEVEL READ COMMITTED;
  SET LOCAL idle_in_transaction_session_timeout = ${IDLE_IN_WRITE_MS_MAX}; ${READ_HEAD}`

/** Reads in one snapshot. `assertExpected` throws when the head in it is not ours. */
export async function readIn<T>(
  client: PostgresClient,
  assertExpected: (head: Head) => void,
  work: (db: Db) => Promise<T>,
): Promise<T> {
  try {
    assertExpected(headOf(client, await client.query(BEGIN_READ)))
    return await work(builderOver(client))
  } finally {
    await client.query('COMMIT')
  }
}

/** Writes in one transaction, what it revokes last in it. `onCommit` is told how long it took to be durable, in milliseconds. */
export async function writeIn<T>(
  client: PostgresClient,
  assertExpected: (head: Head) => void,
  work: (db: Db, revoke: Revoke) => Promise<T>,
  onCommit: (durationMs: number) => void,
): Promise<Written<T>> {
  const changed: Revoked[] = []
  let isCommitting = false
  try {
    const head = headOf(client, await client.query(BEGIN_WRITE))
    assertExpected(head)
    const value = await work(
      builderOver(client),
      (scope, companyId) => void changed.push({ ...scope, companyId }),
    )
    isCommitting = true
    const startedAtMs = performance.now()
    const revision = await commit(client, changed, head)
    onCommit(performance.now() - startedAtMs)
    return {
      value,
      revocation:
        revision === undefined ? undefined : { revision, epoch: head.epoch, companyId: ownerOf(changed) },
    }
  } catch (error) {
    // A server that stood still for too long finds its transaction ended by the database: nothing of it is there.
    if (isEndedIdle(error) || (!isCommitting && isConnectionLost(error)))
      throw new WriteConflict('the transaction was ended', { cause: error })
    if (isCommitting && isUnavailable(error)) throw unknownEnd(error)
    await undo(client, error)
    throw error
  }
}

/** Reads in one snapshot, of a store that is not accepted too. */
export async function inspectIn<T>(client: pg.ClientBase, work: (db: Db) => Promise<T>): Promise<T> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  try {
    return await work(builderOver(client))
  } finally {
    await client.query('COMMIT')
  }
}

/** Begins a new epoch after this one; does nothing when somebody else has meanwhile. */
export async function acceptIn(
  client: pg.ClientBase,
  epoch: string,
  work: (db: Db) => Promise<void>,
): Promise<void> {
  await client.query('BEGIN')
  try {
    const { rowCount } = await client.query(ACCEPT_HEAD, [epoch])
    if (rowCount === 0) {
      await client.query('ROLLBACK')
      return
    }
    await client.query('DELETE FROM log')
    await client.query('DELETE FROM servers')
    await work(builderOver(client))
    await client.query('COMMIT')
  } catch (error) {
    await undo(client, error)
    throw error
  }
}

/** A connection on which that fails is gone, and the transaction with it: what went wrong first is what counts. */
function undo(client: pg.ClientBase, cause: unknown): Promise<unknown> {
  return client.query('ROLLBACK').catch(() => {
    throw cause
  })
}

/** The driver answers a text of several statements with as many results; its types know of one. */
function lastOf(results: pg.QueryResult | pg.QueryResult[]): pg.QueryResult {
  return Array.isArray(results) ? results.at(-1)! : results
}

function headOf(client: PostgresClient, results: pg.QueryResult): Head {
  const [head] = lastOf(results).rows as SeenHead[]
  if (head === undefined) throw new Error('the head of the store is missing')
  client.assertOwn(head.pid)
  return head
}

/** The revision of the last change, if there is any. */
async function commit(
  client: pg.ClientBase,
  changed: readonly Revoked[],
  head: Head,
): Promise<number | undefined> {
  const text = changed.length === 0 ? 'COMMIT' : commitWith(changed, head)
  const results = (await client.query(text)) as unknown as pg.QueryResult | pg.QueryResult[]
  // A transaction that had failed is rolled back by COMMIT without an error.
  if (lastOf(results).command !== 'COMMIT') throw new Error('the transaction was rolled back')
  if (!Array.isArray(results)) return undefined
  return Math.max(...results[0]!.rows.map((row: { revision: number }) => row.revision))
}

function unknownEnd(cause: unknown): AppError {
  return new AppError(
    'unavailable',
    'The database went away while the change was being stored: it may be stored or not. Repeat the request; creations with the same Idempotency-Key.',
    { retryAfterSeconds: 1, cause },
  )
}
