import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../engine.ts'
import { isBusy } from '../sqlite/errors.ts'
import { initial } from './sqlite-0001-initial.ts'
import { leaseholder } from './sqlite-0002-leaseholder.ts'
import { provableAudit } from './sqlite-0003-provable-audit.ts'
import { people } from './sqlite-0004-people.ts'
import { keyCeilings } from './sqlite-0005-key-ceilings.ts'
import { listedUsers } from './sqlite-0007-listed-users.ts'
import { secrets } from './sqlite-0010-secrets.ts'
import { imports } from './sqlite-0011-imports.ts'
import { verifiers } from './sqlite-0014-verifiers.ts'
import { limits } from './sqlite-0016-limits.ts'
import { usage } from './sqlite-0017-usage.ts'
import { sessionAddresses } from './sqlite-0018-session-addresses.ts'
import { invitationMakers } from './sqlite-0019-invitation-makers.ts'

/** Forward only, in this order. A name that was released is never edited: the next change is a new one. */
const MIGRATIONS: readonly { readonly name: string; readonly sql: string }[] = [
  { name: '0001-initial', sql: initial },
  { name: '0002-leaseholder', sql: leaseholder },
  { name: '0003-provable-audit', sql: provableAudit },
  { name: '0004-people', sql: people },
  { name: '0005-key-ceilings', sql: keyCeilings },
  { name: '0007-listed-users', sql: listedUsers },
  { name: '0010-secrets', sql: secrets },
  { name: '0011-imports', sql: imports },
  { name: '0014-verifiers', sql: verifiers },
  { name: '0016-limits', sql: limits },
  { name: '0017-usage', sql: usage },
  { name: '0018-session-addresses', sql: sessionAddresses },
  { name: '0019-invitation-makers', sql: invitationMakers },
]

/** Marks a file as ours ("LKey"), so that another program's database is refused, not migrated. */
export const APPLICATION_ID = 0x4c4b6579

/** How long others may have a store open that is to be migrated, in milliseconds. */
const ALONE_MS_MAX = 5_000

export type MigrationReport = { readonly applied: readonly string[] }

/**
 * Brings a database to the current schema, one transaction for each step. Safe to run from several
 * processes at once: each step takes the write lock, then looks again at what is left to do.
 */
export function migrateSqlite(database: DatabaseSync): MigrationReport {
  claim(database)
  // A table that is made anew is gone for a moment: what refers to it is looked at afterwards.
  database.exec('PRAGMA foreign_keys = OFF')
  try {
    return {
      applied: MIGRATIONS.filter((migration) => applyOnce(database, migration)).map(({ name }) => name),
    }
  } finally {
    database.exec('PRAGMA foreign_keys = ON')
  }
}

/** false: it was applied before. Throws StoreError when a row would refer to none. */
function applyOnce(database: DatabaseSync, { name, sql }: (typeof MIGRATIONS)[number]): boolean {
  database.exec('BEGIN IMMEDIATE')
  try {
    const isApplied = database.prepare('SELECT 1 FROM migrations WHERE name = ?').get(name) !== undefined
    if (!isApplied) {
      database.exec(sql)
      const broken = database.prepare('PRAGMA foreign_key_check').get()
      if (broken !== undefined) {
        throw new StoreError(
          `The store cannot be brought to the schema of this release: a row of ${broken.table} refers to one of ` +
            `${broken.parent} that is not there. Restore a backup, or run the release before.`,
        )
      }
      database.prepare('INSERT INTO migrations (name, applied_at) VALUES (?, ?)').run(name, Date.now())
    }
    database.exec('COMMIT')
    return !isApplied
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/**
 * Brings a store that is there already to the current schema while nobody else has it open: a process of the
 * release before does not know what this one relies on. Waits a little for others that start at the same time.
 * `assertFit` is called before anything is changed. Throws StoreError, and what `assertFit` throws.
 */
export function migrateExisting(file: string, assertFit: (database: DatabaseSync) => void): void {
  const deadlineMs = performance.now() + ALONE_MS_MAX
  while (isBehind(file)) {
    if (migrateAlone(file, assertFit)) return
    if (performance.now() > deadlineMs) {
      throw new StoreError(
        `Another process has ${file} open, which has to be brought to the schema of this release first: ` +
          'stop the old service, then start again. When none runs, the file system locks no files, as some network ' +
          'file systems do not: put LATCHKEY_DATA_DIR on a local disk.',
      )
    }
    // Everybody who looks has it open for a moment: not all at the same time again.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10 + Math.random() * 40)
  }
}

function isBehind(file: string): boolean {
  // Not read-only: such a connection would leave the files of its log behind.
  const database = new DatabaseSync(file)
  try {
    return applicationIdOf(database) === APPLICATION_ID && compareSqliteSchema(database).missing.length > 0
  } catch (error) {
    // Whoever has it alone is bringing it forward just now.
    if (isBusy(error)) return true
    throw error
  } finally {
    database.close()
  }
}

/** false: somebody else has it open. */
function migrateAlone(file: string, assertFit: (database: DatabaseSync) => void): boolean {
  const database = new DatabaseSync(file)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
    assertFit(database)
    migrateSqlite(database)
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  } finally {
    database.close()
  }
}

/** Throws StoreError unless the database is ours, complete and not from a newer release. */
export function checkSqliteSchema(database: DatabaseSync): void {
  const [newer] = compareSqliteSchema(database).newer
  if (newer !== undefined) {
    throw new StoreError(
      `The database was written by a newer release of Latchkey (it has the migration ${newer}): ` +
        'start that release, or restore a backup made before the upgrade.',
    )
  }
}

/** Migrations this release does not know, and those it has yet to apply. */
export type SchemaDifference = { readonly newer: readonly string[]; readonly missing: readonly string[] }

export function compareSqliteSchema(database: DatabaseSync): SchemaDifference {
  const applied = new Set(
    database
      .prepare('SELECT name FROM migrations ORDER BY name')
      .all()
      .map((row) => String(row.name)),
  )
  const known = MIGRATIONS.map((migration) => migration.name)
  return {
    newer: [...applied].filter((name) => !known.includes(name)),
    missing: known.filter((name) => !applied.has(name)),
  }
}

/** Throws StoreError unless the file is ours or empty; looks only, so that another program's file stays as it is. */
export function assertOurs(database: DatabaseSync): void {
  const id = applicationIdOf(database)
  if (id === APPLICATION_ID) return
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as {
    tables: number
  }
  if (id === 0 && (tables === 0 || hasMigrations(database))) return
  throw new StoreError(
    'The database file belongs to another program: choose another data directory with LATCHKEY_DATA_DIR.',
  )
}

function applicationIdOf(database: DatabaseSync): number {
  const row = database.prepare('PRAGMA application_id').get() as { application_id: number }
  return row.application_id
}

function claim(database: DatabaseSync): void {
  if (applicationIdOf(database) === APPLICATION_ID) {
    checkSqliteSchema(database)
    return
  }
  database.exec('BEGIN IMMEDIATE')
  try {
    assertOurs(database)
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
  database.exec(
    'CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT, WITHOUT ROWID',
  )
  database.exec('COMMIT')
}

function hasMigrations(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get() !== undefined
}
