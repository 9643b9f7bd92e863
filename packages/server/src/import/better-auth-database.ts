import { DatabaseSync } from 'node:sqlite'
import type { SourceLine } from './import-row.ts'
import { readRecords } from './read-source.ts'
import type { SourceRecord } from './records.ts'
import { SourceError } from './source-error.ts'
import type { SourceOptions } from './source-options.ts'

/**
 * The keys of a better-auth application in its SQLite database, opened for reading only. The table is found by its
 * columns, since `schema` and adapters rename it. The line of a row is its number. Throws SourceError.
 */
export async function* readBetterAuthDatabase(
  path: string,
  options: SourceOptions,
): AsyncGenerator<SourceLine> {
  const database = open(path)
  try {
    yield* readRecords('better-auth', rowsOf(database), options)
  } finally {
    database.close()
  }
}

/** Whether a file is one, by its first bytes (SQLite, Database File Format, §1.3). */
export const isSqliteFile = (start: Uint8Array): boolean =>
  Buffer.from(start.subarray(0, 16)).toString('latin1') === 'SQLite format 3\0'

function open(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { readOnly: true })
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    return database
  } catch (error) {
    throw new SourceError(
      undefined,
      `The SQLite database cannot be read: ${error instanceof Error ? error.message : ''}.`,
    )
  }
}

function* rowsOf(database: DatabaseSync): Generator<SourceRecord> {
  const rows = database.prepare(`SELECT * FROM ${quoted(tableOf(database))}`)
  // A number may be longer than a JavaScript number holds exactly.
  rows.setReadBigInts(true)
  let line = 0
  for (const row of rows.iterate()) {
    line += 1
    yield { line, fields: new Map(Object.entries(row).map(([name, value]) => [name, plain(value)])) }
  }
}

const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value)

/** The one that has the columns of the plugin, old or new, in camel or snake case. */
function tableOf(database: DatabaseSync): string {
  const named = database
    .prepare(
      `SELECT s.name, group_concat(lower(replace(c.name, '_', '')), ' ') AS columns
         FROM sqlite_schema s JOIN pragma_table_info(s.name) c WHERE s.type = 'table' GROUP BY s.name`,
    )
    .all()
    .map(({ name, columns }) => ({ name: String(name), columns: String(columns).split(' ') }))
  const found = named.filter(({ columns }) => WANTED.every((column) => columns.includes(column)))
  const [first, ...others] = found
  if (first === undefined) {
    throw new SourceError(
      undefined,
      `No table of this database has the columns of better-auth's API keys (${WANTED.join(', ')}): is it the right file?`,
    )
  }
  if (others.length > 0) {
    const names = found.map(({ name }) => name).join(', ')
    throw new SourceError(
      undefined,
      `Several tables have the columns of better-auth's API keys (${names}): export one as CSV.`,
    )
  }
  return first.name
}

const WANTED = ['key', 'start', 'requestcount']

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
