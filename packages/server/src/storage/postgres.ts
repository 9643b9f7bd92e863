import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '@latchkey/core/error'
import type { RevocationScope } from '@latchkey/core/key-cache'
import pg from 'pg'
import { type Engine, type Head, type Revoke, StoreError, type Written } from './engine.ts'
import { migratePostgres } from './migrations/postgres.ts'
import { builderOver } from './postgres-connection.ts'
import { explainPostgres, isRetried, isUnavailable } from './postgres-errors.ts'
import { createPostgresFollowed } from './postgres-followed.ts'
import { ACCEPT_HEAD, commitWith, READ_HEAD } from './postgres-head.ts'
import { clientConfig, createPool } from './postgres-pool.ts'
import { parsePostgresUrl, placeOf } from './postgres-url.ts'
import { createPostgresVerificationReads } from './postgres-verification.ts'
import type { Db } from './schema.ts'

const VERSION_MIN = 15
/** A migration or the check at the start may take long; it is done once. */
const SET_UP_MS_MAX = 10 * 60 * 1_000
const STATEMENT_MS_MAX = 10_000
/** A look-up that takes longer is refused: whoever waits for a verdict has given up by then. */
const LOOK_UP_MS_MAX = 1_000
const LOOK_UPS_MAX = 4
/**
 * A server that freezes in the middle of a write holds its company's row: the database ends such a transaction
 * after this long, in milliseconds.
 */
const IDLE_IN_WRITE_MS_MAX = 400
/** Runs of one write, when others keep being in the way. */
const RUNS_MAX = 5

const BEGIN_READ = `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; ${READ_HEAD}`
const BEGIN_WRITE = `BEGIN ISOLATION LEVEL READ COMMITTED;
  SET LOCAL idle_in_transaction_session_timeout = ${IDLE_IN_WRITE_MS_MAX}; ${READ_HEAD}`

const UNAVAILABLE = 'The database does not answer as it should: try again in a moment.'

export type PostgresOptions = {
  readonly url: string
  readonly connectionsMax: number
  /** Called before a question; what it answers judges the head the question saw: see `Lease.expect`. */
  readonly expect: () => (head: Head) => boolean
  /** One durable transaction, and how long it took. */
  readonly onCommit: (writes: number, durationMs: number) => void
  /** A connection broke. Another one takes its place. */
  readonly onError: (error: unknown) => void
}

/** Opens the store on a PostgreSQL server, creating and migrating its tables. Throws StoreError with one sentence. */
export async function openPostgres(options: PostgresOptions): Promise<Engine> {
  const server = parsePostgresUrl(options.url)
  const place = placeOf(server)
  await setUp(server, place)
  const { connectionsMax, onError } = options
  const pool = createPool(
    server,
    { name: 'store', statementMsMax: STATEMENT_MS_MAX, connectionsMax },
    onError,
  )
  const lookUps = createPool(
    server,
    { name: 'look-up', statementMsMax: LOOK_UP_MS_MAX, connectionsMax: LOOK_UPS_MAX },
    onError,
  )
  const expect = () => {
    const isExpected = options.expect()
    return (head: Head) => {
      if (!isExpected(head)) throw notAccepted()
    }
  }
  const followed = createPostgresFollowed(server, lookUps, onError)

  async function readOnce<T>(client: pg.ClientBase, work: (db: Db) => Promise<T>): Promise<T> {
    const assertExpected = expect()
    try {
      assertExpected(headOf(await client.query(BEGIN_READ)))
      return await work(builderOver(client))
    } finally {
      await endQuietly(client, 'COMMIT')
    }
  }

  async function writeOnce<T>(
    client: pg.ClientBase,
    work: (db: Db, revoke: Revoke) => Promise<T>,
  ): Promise<Written<T>> {
    const changed: RevocationScope[] = []
    const assertExpected = expect()
    let isCommitting = false
    try {
      const head = headOf(await client.query(BEGIN_WRITE))
      assertExpected(head)
      const value = await work(builderOver(client), (scope) => void changed.push(scope))
      isCommitting = true
      const startedAtMs = performance.now()
      const revision = await commit(client, changed, head)
      options.onCommit(1, performance.now() - startedAtMs)
      return { value, revocation: revision === undefined ? undefined : { revision, epoch: head.epoch } }
    } catch (error) {
      if (isCommitting && isUnavailable(error)) throw unknownEnd(error)
      await endQuietly(client, 'ROLLBACK')
      throw error
    }
  }

  return {
    store: 'postgres',
    place,
    read: (work) =>
      pool
        .lend((client) => readOnce(client, work))
        .catch((error: unknown) => {
          throw explainPostgres(error, UNAVAILABLE)
        }),
    async write(work) {
      for (let run = 1; ; run += 1) {
        try {
          return await pool.lend((client) => writeOnce(client, work))
        } catch (error) {
          if (!isRetried(error) || run === RUNS_MAX) throw explainPostgres(error, UNAVAILABLE)
        }
      }
    },
    inspect: (work) =>
      pool
        .lend((client) => inspectOnce(client, work))
        .catch((error: unknown) => {
          throw explainPostgres(error, UNAVAILABLE)
        }),
    async accept(work) {
      const { leaseMs, marginMs } = await followed.survey()
      await sleep(leaseMs + marginMs)
      await pool.lend((client) => acceptOnce(client, work))
    },
    verification: createPostgresVerificationReads(lookUps, expect),
    changes: followed,
    async close() {
      await followed.close()
      await Promise.all([pool.close(), lookUps.close()])
    },
  }
}

async function inspectOnce<T>(client: pg.ClientBase, work: (db: Db) => Promise<T>): Promise<T> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  try {
    return await work(builderOver(client))
  } finally {
    await endQuietly(client, 'COMMIT')
  }
}

async function acceptOnce(client: pg.ClientBase, work: (db: Db) => Promise<void>): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(ACCEPT_HEAD)
    await client.query('DELETE FROM log')
    await client.query('DELETE FROM servers')
    await work(builderOver(client))
    await client.query('COMMIT')
  } catch (error) {
    await endQuietly(client, 'ROLLBACK')
    throw error
  }
}

/** The driver answers a text of several statements with as many results; its types know of one. */
function lastOf(results: pg.QueryResult | pg.QueryResult[]): pg.QueryResult {
  return Array.isArray(results) ? results.at(-1)! : results
}

function headOf(results: pg.QueryResult): Head {
  const [head] = lastOf(results).rows as Head[]
  if (head === undefined) throw new Error('the head of the store is missing')
  return head
}

/** The revision of the last change, if there is any. */
async function commit(
  client: pg.ClientBase,
  changed: readonly RevocationScope[],
  head: Head,
): Promise<number | undefined> {
  const text = changed.length === 0 ? 'COMMIT' : commitWith(changed, head)
  const results = (await client.query(text)) as unknown as pg.QueryResult | pg.QueryResult[]
  // A transaction that had failed is rolled back by COMMIT without an error.
  if (lastOf(results).command !== 'COMMIT') throw new Error('the transaction was rolled back')
  if (!Array.isArray(results)) return undefined
  return Math.max(...results[0]!.rows.map((row: { revision: number }) => row.revision))
}

/** Ends a transaction that changes nothing any more. A connection that cannot do that is not lent again. */
async function endQuietly(client: pg.ClientBase, command: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  try {
    await client.query(command)
  } catch (error) {
    if (!isUnavailable(error)) throw error
  }
}

function notAccepted(): AppError {
  return new AppError(
    'unavailable',
    'The store is not the one this service knew: it was restored or replaced. The operator has to accept it: latchkey restore --accept.',
    { retryAfterSeconds: 5 },
  )
}

function unknownEnd(cause: unknown): AppError {
  return new AppError(
    'unavailable',
    'The database went away while the change was being stored: it may be stored or not. Repeat the request; creations with the same Idempotency-Key.',
    { retryAfterSeconds: 1, cause },
  )
}

async function setUp(server: pg.ClientConfig, place: string): Promise<void> {
  const client = new pg.Client(clientConfig(server, { name: 'set-up', statementMsMax: SET_UP_MS_MAX }))
  // Every failure reaches whoever waits for a statement.
  client.on('error', () => {})
  try {
    await client.connect()
    await assertServer(client)
    await migratePostgres(client)
  } catch (error) {
    if (error instanceof StoreError) throw error
    const reason = error instanceof Error ? error.message || String(error) : String(error)
    throw new StoreError(
      `The database (${place}) cannot be used (${reason}): check DATABASE_URL and that the server runs.`,
      error,
    )
  } finally {
    await client.end().catch(() => {})
  }
}

async function assertServer(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query(
    `SELECT current_setting('server_version_num')::int / 10000 AS version, pg_is_in_recovery() AS "isStandby",
       current_setting('fsync') AS fsync, current_setting('full_page_writes') AS "fullPageWrites",
       current_setting('synchronous_commit') AS "synchronousCommit",
       current_setting('server_encoding') AS encoding`,
  )
  const { version, isStandby, fsync, fullPageWrites, synchronousCommit, encoding } = rows[0]
  if (version < VERSION_MIN) {
    throw new StoreError(`PostgreSQL ${version} is too old: ${VERSION_MIN} or newer is needed.`)
  }
  if (isStandby) {
    throw new StoreError('DATABASE_URL leads to a standby: let it name the primary server.')
  }
  if (fsync !== 'on' || fullPageWrites !== 'on' || synchronousCommit !== 'on') {
    throw new StoreError(
      'The database server may lose what it has acknowledged: set fsync, full_page_writes and synchronous_commit to on.',
    )
  }
  if (encoding !== 'UTF8') {
    throw new StoreError(`The database is encoded in ${encoding}: create it with ENCODING 'UTF8'.`)
  }
}
