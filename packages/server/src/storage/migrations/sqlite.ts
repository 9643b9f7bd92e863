import type { DatabaseSync } from 'node:sqlite'

import { StoreError } from '../engine.ts'
import { initial } from './sqlite-0001-initial.ts'
import { leaseholder } from './sqlite-0002-leaseholder.ts'

/** Forward only, in this order. A name that was released is never edited: the next change is a new one. */
const MIGRATIONS: readonly { readonly name: string; readonly sql: string }[] = [
  { name: '0001-initial', sql: initial },
  { name: '0002-leaseholder', sql: leaseholder },
]

/** Marks a file as ours ("LKey"), so that another program's database is refused, not migrated. */
export const APPLICATION_ID = 0x4c4b6579

export type MigrationReport = { readonly applied: readonly string[] }

/**
 * Brings a database to the current schema, one transaction for each step. Safe to run from several
 * processes at once: each step takes the write lock, then looks again at what is left to do.
 */
export function migrateSqlite(database: DatabaseSync): MigrationReport {
  claim(database)
  const applied: string[] = []
  for (const migration of MIGRATIONS) {
    database.exec('BEGIN IMMEDIATE')
    try {
      const isApplied = database.prepare('SELECT 1 FROM migrations WHERE name = ?').get(migration.name)
      if (isApplied === undefined) {
        database.exec(migration.sql)
        database
          .prepare('INSERT INTO migrations (name, applied_at) VALUES (?, ?)')
          .run(migration.name, Date.now())
        applied.push(migration.name)
      }
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }
  return { applied }
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
