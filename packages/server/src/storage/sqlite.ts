import { existsSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { fingerprintBytes } from '@latchkey/core/fingerprint'
import { isId } from '@latchkey/core/ids'
import type { KeyHandle } from '@latchkey/core/key-cache'
import {
  type Changes,
  type Engine,
  StoreError,
  type VerifiableRow,
  type VerificationReads,
} from './engine.ts'
import { checkSqliteSchema, migrateSqlite } from './migrations/sqlite.ts'
import type { HeadRow, LogRow } from './schema.ts'
import { openSqliteConnection, type SqliteConnection } from './sqlite-connection.ts'
import { isDamaged } from './sqlite-errors.ts'
import { createSqliteReaders } from './sqlite-readers.ts'
import { createSqliteWriter } from './sqlite-writer.ts'

/** The first release with the WAL-reset fix: before it a checkpoint could damage the file. */
const SQLITE_VERSION_MIN = [3, 51, 3] as const
/** A file up to this size is checked for damage at each start; it takes about a tenth of a second. */
const CHECKED_BYTES_MAX = 64 * 1024 * 1024

type SqliteOptions = {
  readonly file: string
  /** Called once when the disk fails under the store; must end the process. */
  readonly onFatal: (error: unknown) => void
}

/** Opens the embedded store, creating and migrating it as needed. Throws StoreError with one sentence. */
export function openSqlite(options: SqliteOptions): Engine {
  const writer = explain(options.file, () => openWriter(options.file))
  const queue = createSqliteWriter(writer, options.onFatal)
  const readers = createSqliteReaders(options.file)
  // Of its own: head and log must be read in one snapshot with no other statement open.
  const hot = openSqliteConnection(options.file, { isReadOnly: true })

  return {
    store: 'sqlite',
    read: readers.read,
    write: queue.write,
    verification: verificationReads(hot.database),
    async close() {
      await queue.idle()
      readers.close()
      hot.database.close()
      writer.database.close()
    },
  }
}

function openWriter(file: string): SqliteConnection {
  const isNew = !existsSync(file)
  const connection = openSqliteConnection(file, { isReadOnly: false })
  const { database } = connection
  assertVersion(database)
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()
  database.exec('PRAGMA synchronous = FULL')
  const synchronous = database.prepare('PRAGMA synchronous').get()
  if (mode?.journal_mode !== 'wal' || synchronous?.synchronous !== 2) {
    throw new StoreError(
      `The file system under ${file} does not support SQLite's write-ahead log: put LATCHKEY_DATA_DIR on a local disk.`,
    )
  }
  if (!isNew && statSync(file).size <= CHECKED_BYTES_MAX) assertSound(database, file)
  migrateSqlite(database)
  checkSqliteSchema(database)
  return connection
}

function assertVersion(database: DatabaseSync): void {
  const row = database.prepare('SELECT sqlite_version() AS version').get()
  const parts = String(row?.version).split('.').map(Number)
  for (const [index, least] of SQLITE_VERSION_MIN.entries()) {
    const part = parts[index] ?? 0
    if (part > least) return
    if (part < least) {
      throw new StoreError(
        `SQLite ${row?.version} is older than ${SQLITE_VERSION_MIN.join('.')}, which is needed for durable writes: ` +
          'run the Node that the project pins (npm start does).',
      )
    }
  }
}

function assertSound(database: DatabaseSync, file: string): void {
  const row = database.prepare('PRAGMA quick_check(1)').get()
  if (row?.quick_check !== 'ok') throw damaged(file, row?.quick_check)
}

function damaged(file: string, cause: unknown): StoreError {
  return new StoreError(
    `The database ${file} is damaged: restore it from a backup, or move it away to start with an empty store.`,
    cause,
  )
}

function explain<T>(file: string, open: () => T): T {
  try {
    return open()
  } catch (error) {
    if (error instanceof StoreError) throw error
    if (isDamaged(error)) throw damaged(file, error)
    const reason = error instanceof Error ? error.message : String(error)
    throw new StoreError(
      `The database ${file} cannot be opened (${reason}): check the file and its permissions.`,
      error,
    )
  }
}

const FIND_KEY = `
SELECT k.id, k.company_id, k.user_id, k.fingerprint, k.mode, k.status, k.expires_at, k.whitelisted_ips,
  k.permissions, k.metadata, u.role, u.status AS user_status, u.permissions AS user_permissions,
  c.status AS company_status, c.is_operator
FROM keys k JOIN users u ON u.id = k.user_id JOIN companies c ON c.id = k.company_id`

function verificationReads(database: DatabaseSync): VerificationReads {
  const head = database.prepare('SELECT revision, epoch FROM head')
  const log = database.prepare(
    'SELECT revision, scope, object_id FROM log WHERE revision > ? ORDER BY revision',
  )
  const byFingerprint = database.prepare(`${FIND_KEY} WHERE k.fingerprint = ?`)
  const byId = database.prepare(`${FIND_KEY} WHERE k.id = ?`)

  function readChanges(revision: number): Changes {
    database.exec('BEGIN')
    try {
      const now = head.get() as HeadRow
      return { revision: now.revision, epoch: now.epoch, rows: log.all(revision) as LogRow[] }
    } finally {
      database.exec('COMMIT')
    }
  }

  return {
    changesSince(revision) {
      const now = head.get() as HeadRow
      return now.revision === revision ? undefined : readChanges(revision)
    },
    findKey(handle: KeyHandle) {
      const row = isId('key', handle) ? byId.get(handle) : byFingerprint.get(fingerprintBytes(handle))
      return row as VerifiableRow | undefined
    },
  }
}
