import type { ClientBase } from 'pg'
import { StoreError } from '../engine.ts'
import { initial } from './postgres-0001-initial.ts'
import { provableAudit } from './postgres-0002-provable-audit.ts'
import { people } from './postgres-0003-people.ts'
import { keyCeilings } from './postgres-0004-key-ceilings.ts'
import { searchedTexts } from './postgres-0005-searched-texts.ts'
import { listedUsers } from './postgres-0007-listed-users.ts'
import { secrets } from './postgres-0010-secrets.ts'
import { imports } from './postgres-0011-imports.ts'
import { verifiers } from './postgres-0014-verifiers.ts'
import { limits } from './postgres-0016-limits.ts'
import { usage } from './postgres-0017-usage.ts'
import { sessionAddresses } from './postgres-0018-session-addresses.ts'
import { invitationMakers } from './postgres-0019-invitation-makers.ts'
import { assertNobodyServes } from './postgres-alone.ts'

/** Forward only, in this order. A name that was released is never edited: the next change is a new one. */
const MIGRATIONS: readonly { readonly name: string; readonly sql: string }[] = [
  { name: '0001-initial', sql: initial },
  { name: '0002-provable-audit', sql: provableAudit },
  { name: '0003-people', sql: people },
  { name: '0004-key-ceilings', sql: keyCeilings },
  { name: '0005-searched-texts', sql: searchedTexts },
  { name: '0007-listed-users', sql: listedUsers },
  { name: '0010-secrets', sql: secrets },
  { name: '0011-imports', sql: imports },
  { name: '0014-verifiers', sql: verifiers },
  { name: '0016-limits', sql: limits },
  { name: '0017-usage', sql: usage },
  { name: '0018-session-addresses', sql: sessionAddresses },
  { name: '0019-invitation-makers', sql: invitationMakers },
]

const CREATED = /CREATE (?:OR REPLACE )?(?:UNIQUE )?(TABLE|INDEX|TRIGGER|FUNCTION) (?:IF NOT EXISTS )?(\w+)/g

/** What the migrations make, such as `table keys`. */
export const OWN_OBJECTS: ReadonlySet<string> = new Set([
  'table migrations',
  ...MIGRATIONS.flatMap(({ sql }) =>
    Array.from(sql.matchAll(CREATED), ([, type, name]) => `${type!.toLowerCase()} ${name}`),
  ),
])

export type SchemaDifference = { readonly newer: readonly string[]; readonly missing: readonly string[] }

/** One lock for all servers of a database that start at once ("LKey", and a number for this use). */
const LOCK = [0x4c4b6579, 1] as const

/**
 * Brings a database to the current schema, one transaction for each step, under one lock. A database that is
 * complete is left alone, so that a role without the right to create tables can run the service. Throws
 * StoreError when it is of a newer release, holds another program's tables, or a server of an older release runs.
 */
export async function migratePostgres(client: ClientBase): Promise<void> {
  if (await isComplete(client)) return
  await waitForTurn(client)
  try {
    // Another server that started at once may have done it, and serves.
    if (await isComplete(client)) return
    await assertNobodyServes(client)
    for (const migration of MIGRATIONS) await applyOnce(client, migration)
  } finally {
    await client.query('SELECT pg_advisory_unlock($1, $2)', [...LOCK])
  }
}

/**
 * What another server does to the tables may take as long as it may here, so that it is not given up like the lock on a
 * row. The tables themselves are: whoever waits for one of them makes everybody else wait.
 */
async function waitForTurn(client: ClientBase): Promise<void> {
  await client.query(`BEGIN; SET LOCAL lock_timeout = 0; SELECT pg_advisory_lock(${LOCK.join(', ')}); COMMIT`)
}

/** Whether any release has made its tables there. */
export async function isMigrated(client: ClientBase): Promise<boolean> {
  return (await readApplied(client)) !== undefined
}

/** Migrations this release does not know, and those it has yet to apply. Throws StoreError for another program's tables. */
export async function findUnknownMigrations(client: ClientBase): Promise<SchemaDifference> {
  let applied = await readApplied(client)
  if (applied === undefined && (await hasTables(client))) {
    // Another server that starts at once may have made them in between.
    applied = await readApplied(client)
    if (applied === undefined) {
      throw new StoreError(
        'The database holds tables of another program: give Latchkey a database, or a schema, of its own.',
      )
    }
  }
  const known = MIGRATIONS.map((migration) => migration.name)
  return {
    newer: [...(applied ?? [])].filter((name) => !known.includes(name)),
    missing: known.filter((name) => applied?.has(name) !== true),
  }
}

async function isComplete(client: ClientBase): Promise<boolean> {
  const {
    newer: [newer],
    missing,
  } = await findUnknownMigrations(client)
  if (newer !== undefined) {
    throw new StoreError(
      `The database was written by a newer release of Latchkey (it has the migration ${newer}): ` +
        'start that release, or restore a backup made before the upgrade.',
    )
  }
  return missing.length === 0
}

/** undefined: there is no table of migrations yet. */
async function readApplied(client: ClientBase): Promise<ReadonlySet<string> | undefined> {
  const { rows } = await client.query(`SELECT to_regclass('migrations') IS NOT NULL AS found`)
  if (rows[0]?.found !== true) return undefined
  const applied = await client.query<{ name: string }>('SELECT name FROM migrations')
  return new Set(applied.rows.map((row) => row.name))
}

/** Whether there are tables with names of ours, whoever made them. */
async function hasTables(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT to_regclass('keys') IS NOT NULL OR to_regclass('users') IS NOT NULL AS taken`,
  )
  return rows[0]?.taken === true
}

async function applyOnce(client: ClientBase, { name, sql }: (typeof MIGRATIONS)[number]): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(
      'CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)',
    )
    const noted = await client.query(
      `INSERT INTO migrations (name, applied_at) VALUES ($1, floor(extract(epoch FROM now()) * 1000))
       ON CONFLICT DO NOTHING`,
      [name],
    )
    if (noted.rowCount === 1) await client.query(sql)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}
