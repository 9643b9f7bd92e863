import type pg from 'pg'
import { StoreError } from '../engine.ts'
import { migratePostgres } from '../migrations/postgres.ts'
import { connectClient } from './client.ts'
import type { PostgresReach } from './reach.ts'
import { cannotBeUsed } from './remedy.ts'

const VERSION_MIN = 15
/** A migration may take long; it is done once. */
const SET_UP_MS_MAX = 10 * 60 * 1_000

/**
 * Settings of the server that keep what was acknowledged from being lost, and that storage of another make can do
 * without: the operator says so, by LATCHKEY_DATABASE_ACCEPT_OFF.
 */
export type Durability = 'fsync' | 'full_page_writes'

/**
 * Looks whether the server keeps what it acknowledges, and brings the tables up to date. `acceptedOff`: what may be
 * off, because the provider keeps what is acknowledged in another way. Throws StoreError.
 */
export async function setUpPostgres(reach: PostgresReach, acceptedOff: readonly Durability[]): Promise<void> {
  let client: pg.Client | undefined
  try {
    client = await connectClient(reach, { name: 'set-up', statementMsMax: SET_UP_MS_MAX })
    await assertServer(client, acceptedOff)
    await migratePostgres(client)
  } catch (error) {
    throw cannotBeUsed(reach.server, error)
  } finally {
    await client?.end().catch(() => {})
  }
}

const FACTS = `SELECT current_setting('server_version_num')::int / 10000 AS version,
  current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
  current_setting('synchronous_commit') AS "synchronousCommit",
  current_setting('default_transaction_read_only') AS "isReadOnly",
  current_setting('server_encoding') AS encoding`

/** Where the database is in its log of changes, by which a restore and a failover are noticed. */
const PLACE = 'SELECT pg_walfile_name(pg_current_wal_lsn())'

/**
 * Throws StoreError unless the server is recent, takes writes and keeps what it acknowledges. Answers what is off
 * and accepted.
 */
export async function assertServer(
  client: pg.ClientBase,
  acceptedOff: readonly Durability[],
): Promise<readonly Durability[]> {
  const { rows } = await client.query(FACTS)
  const facts = rows[0]
  if (facts.version < VERSION_MIN) {
    throw new StoreError(`PostgreSQL ${facts.version} is too old: ${VERSION_MIN} or newer is needed.`)
  }
  const off = (['fsync', 'full_page_writes'] as const).filter((name) => facts[name] !== 'on')
  const refused = [
    ...off.filter((name) => !acceptedOff.includes(name)),
    ...(facts.synchronousCommit === 'on' ? [] : ['synchronous_commit']),
  ]
  if (refused.length > 0) throw new StoreError(mayLose(refused))
  if (facts.isReadOnly !== 'off') {
    throw new StoreError(
      'The database takes no writes (default_transaction_read_only is on): providers set it when the disk is full.',
    )
  }
  if (facts.encoding !== 'UTF8') {
    throw new StoreError(`The database is encoded in ${facts.encoding}: create it with ENCODING 'UTF8'.`)
  }
  await client.query(PLACE).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new StoreError(
      `The database does not tell its place in its log of changes (${reason}), by which a restore or a failover is ` +
        'noticed, so that it cannot be used (Amazon Aurora tells it with rds.logical_replication = 1).',
      cause,
    )
  })
  return off
}

function mayLose(names: readonly string[]): string {
  const accepted = names.filter((name) => name !== 'synchronous_commit')
  const byProvider =
    accepted.length === 0
      ? ''
      : `, or, when the storage cannot lose it by the word of its provider, set LATCHKEY_DATABASE_ACCEPT_OFF=${accepted}`
  return (
    `The database server may lose what it has acknowledged: set ${names.join(' and ')} to on${byProvider} ` +
    '(docs/operate/fleet.md names the providers).'
  )
}
