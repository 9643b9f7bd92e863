import pg from 'pg'
import { StoreError } from './engine.ts'
import { migratePostgres } from './migrations/postgres.ts'
import { clientConfig } from './postgres-pool.ts'

const VERSION_MIN = 15
/** A migration may take long; it is done once. */
const SET_UP_MS_MAX = 10 * 60 * 1_000

/** Looks whether the server keeps what it acknowledges, and brings the tables up to date. Throws StoreError. */
export async function setUpPostgres(server: pg.ClientConfig, place: string): Promise<void> {
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

/** Throws StoreError unless the server is recent, a primary, and keeps what it acknowledges. */
export async function assertServer(client: pg.ClientBase): Promise<void> {
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
