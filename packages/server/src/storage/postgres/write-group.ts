import { AppError } from '@latchkey/core/error'
import pg from 'pg'
import {
  type Head,
  ownerOf,
  type Revocation,
  type Revoke,
  type Revoked,
  WriteConflict,
  type Written,
} from '../engine.ts'
import type { Db } from '../tables/schema.ts'
import type { PostgresClient } from './client.ts'
import { connectionOver, type PostgresConnection } from './connection.ts'
import { isConnectionLost, isEndedIdle, isUnavailable, isValueMissing, UnreplicatedError } from './errors.ts'
import { commitWith, headOf, READ_HEAD } from './head.ts'
import { undo } from './transactions.ts'

/**
 * A server that freezes in the middle of a write holds its company's row: the database ends such a transaction
 * after this long, in milliseconds.
 */
const IDLE_IN_WRITE_MS_MAX = 400

const BEGIN_WRITE = `BEGIN ISOLATION LEVEL READ COMMITTED;
  SET LOCAL idle_in_transaction_session_timeout = ${IDLE_IN_WRITE_MS_MAX}`

/** One write, and who waits for it. */
export type Write = {
  readonly work: (db: Db, revoke: Revoke) => Promise<unknown>
  readonly resolve: (written: Written<unknown>) => void
  readonly reject: (error: unknown) => void
}

export type GroupOptions = {
  /** Throws when the head in the transaction is not ours. */
  readonly assertExpected: (head: Head) => void
  /** The next write, while the group takes more: at least one. */
  readonly take: () => Write | undefined
  /** One durable transaction: how many writes shared it, and how long it took to be durable, in milliseconds. */
  readonly onCommit: (writes: number, durationMs: number) => void
}

/** What a write came to, told when the transaction is durable. */
type Outcome = { readonly write: Write; readonly value: unknown; readonly isRevoking: boolean }
type Refusal = { readonly write: Write; readonly error: AppError }

/**
 * Does writes one after the other in one transaction, and what they revoke last in it. A write that is refused before it
 * has changed anything leaves nothing behind. Whatever else fails takes all of them back, and each is rejected with
 * WriteConflict: to be run again, alone. Throws what failed, for whoever lent the connection.
 */
export async function writeIn(client: PostgresClient, options: GroupOptions): Promise<void> {
  const { assertExpected, take, onCommit } = options
  const connection = connectionOver(client)
  const taken: Write[] = []
  const outcomes: (Outcome | Refusal)[] = []
  const changed: Revoked[] = []
  let isCommitting = false
  try {
    connection.begin(BEGIN_WRITE)
    const begun = connection.askFirst(READ_HEAD, (answer) => {
      const head = headOf(client, answer)
      assertExpected(head)
      return head
    })
    for (let write = take(); write !== undefined; write = take()) {
      taken.push(write)
      outcomes.push(await run(write, connection, changed))
    }
    const head = await begun
    if (client.isLost) throw new Error('the connection is lost')
    isCommitting = true
    const startedAtMs = performance.now()
    const committed = commit(client, changed, head)
    committed.catch(() => {})
    await connection.settled().catch((error: unknown) => {
      // What the database refused before it came to COMMIT is undone by it.
      isCommitting = !(error instanceof pg.DatabaseError)
      throw error
    })
    const revision = await committed
    client.assertReplicated()
    if (outcomes.some(isKept)) onCommit(taken.length, performance.now() - startedAtMs)
    tell(outcomes, revision === undefined ? undefined : revocationOf(changed, revision, head))
  } catch (error) {
    // A server that stood still for too long finds its transaction ended by the database: nothing of it is there.
    const isLost = client.isLost || isConnectionLost(error)
    const isEnded = isEndedIdle(error) || (!isCommitting && isLost)
    if (isEnded) throw rejectAll(taken, new WriteConflict('the transaction was ended', { cause: error }))
    if (isCommitting && isUnavailable(error)) throw rejectAll(taken, unknownEnd(error))
    await undo(client, error).catch(() => {})
    rejectEach(taken, error)
    throw error
  }
}

/** Each write sees what those before it did. */
async function run(
  write: Write,
  { db, writes }: Pick<PostgresConnection, 'db' | 'writes'>,
  changed: Revoked[],
): Promise<Outcome | Refusal> {
  const [writesBefore, changedBefore] = [writes(), changed.length]
  try {
    const value = await write.work(db, (scope, companyId) => void changed.push({ ...scope, companyId }))
    return { write, value, isRevoking: changed.length > changedBefore }
  } catch (error) {
    const isClean = writes() === writesBefore && changed.length === changedBefore
    if (error instanceof AppError && isClean) return { write, error }
    throw error
  }
}

const isKept = (outcome: Outcome | Refusal): outcome is Outcome => !('error' in outcome)

function tell(outcomes: readonly (Outcome | Refusal)[], revocation: Revocation | undefined): void {
  for (const outcome of outcomes) {
    const { write } = outcome
    if (!isKept(outcome)) write.reject(outcome.error)
    else write.resolve({ value: outcome.value, revocation: outcome.isRevoking ? revocation : undefined })
  }
}

const revocationOf = (changed: readonly Revoked[], revision: number, { epoch }: Head): Revocation => ({
  revision,
  epoch,
  companyId: ownerOf(changed),
})

function rejectAll(taken: readonly Write[], error: unknown): unknown {
  for (const { reject } of taken) reject(error)
  return error
}

/**
 * After a failure of one of them. Not even the one that failed is told of it: it was judged on what those before it did,
 * which is taken back and may come otherwise.
 */
function rejectEach(taken: readonly Write[], error: unknown): void {
  const isOfAll = taken.length === 1 || isUnavailable(error)
  const told = isOfAll ? error : new WriteConflict('a write beside it failed', { cause: error })
  for (const write of taken) write.reject(told)
}

/** The revision of the last change, if there is any. */
async function commit(
  client: pg.ClientBase,
  changed: readonly Revoked[],
  head: Head,
): Promise<number | undefined> {
  const text = changed.length === 0 ? 'COMMIT' : commitWith(changed, head)
  // The driver answers a text of several statements with as many results; its types know of one.
  const results = (await client.query(text).catch(explainEpoch)) as unknown as
    | pg.QueryResult
    | pg.QueryResult[]
  const last = Array.isArray(results) ? results.at(-1)! : results
  // A transaction that had failed is rolled back by COMMIT without an error.
  if (last.command !== 'COMMIT') throw new Error('the transaction was rolled back')
  if (!Array.isArray(results)) return undefined
  return Math.max(...results[0]!.rows.map((row: { revision: number }) => row.revision))
}

/** There is no revision in another epoch: the store was accepted meanwhile. Run again, the write is told of it. */
function explainEpoch(error: unknown): never {
  throw isValueMissing(error) ? new WriteConflict('another epoch has begun', { cause: error }) : error
}

function unknownEnd(cause: unknown): AppError {
  const end =
    cause instanceof UnreplicatedError
      ? 'The change is stored, but the database did not wait until its standby has it, too: a failover may lose it.'
      : 'The database went away while the change was being stored: it may be stored or not.'
  return new AppError('unavailable', `${end} Repeat the request; creations with the same Idempotency-Key.`, {
    retryAfterSeconds: 1,
    cause,
  })
}
