import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { storeFileOf } from '@latchkey/server'
import pg from 'pg'
import type { KeyRow } from './fill.ts'

/** A table like that of keys, with its indexes, and nothing around it. */
export type RawKeys = AsyncDisposable & {
  /** In one durable transaction, one statement a row. */
  insert(rows: readonly KeyRow[]): Promise<void>
}

export function openRawKeys(
  where: { readonly sqliteIn: string } | { readonly postgres: string },
): Promise<RawKeys> {
  return 'postgres' in where ? openPostgres(where.postgres) : openSqlite(where.sqliteIn)
}

async function openSqlite(dataDir: string): Promise<RawKeys> {
  const database = new DatabaseSync(join(dataDir, 'raw-keys.db'), { enableForeignKeyConstraints: false })
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  const like = new DatabaseSync(storeFileOf(dataDir), { readOnly: true })
  const tables = like.prepare(
    "SELECT sql FROM sqlite_schema WHERE tbl_name = 'keys' AND sql <> '' ORDER BY type DESC",
  )
  for (const { sql } of tables.all()) database.exec(String(sql))
  like.close()
  return {
    async insert(rows) {
      const columns = Object.keys(rows[0]!)
      const places = columns.map(() => '?').join(', ')
      const statement = database.prepare(`INSERT INTO keys (${columns.join(', ')}) VALUES (${places})`)
      database.exec('BEGIN IMMEDIATE')
      for (const row of rows) statement.run(...Object.values(row))
      database.exec('COMMIT')
    },
    [Symbol.asyncDispose]: async () => database.close(),
  }
}

async function openPostgres(url: string): Promise<RawKeys> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('CREATE TABLE raw_keys (LIKE keys INCLUDING ALL)')
  return {
    async insert(rows) {
      const columns = Object.keys(rows[0]!)
      const places = columns.map((_, index) => `$${index + 1}`).join(', ')
      const text = `INSERT INTO raw_keys (${columns.join(', ')}) VALUES (${places})`
      await client.query('BEGIN')
      for (const row of rows) {
        const values = Object.values(row).map((value) =>
          value instanceof Uint8Array ? Buffer.from(value) : value,
        )
        await client.query({ name: 'raw-key', text, values })
      }
      await client.query('COMMIT')
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}
