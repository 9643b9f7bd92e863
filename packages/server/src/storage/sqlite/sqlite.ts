import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { findDiskFault, sentenceOf } from '../disk-fault.ts'
import { type Engine, ownerOf, type Revocation, type Revoked, StoreError } from '../engine.ts'
import { assertOurs, checkSqliteSchema, migrateExisting, migrateSqlite } from '../migrations/sqlite.ts'
import type { Db } from '../tables/schema.ts'
import { type Checkpoints, createCheckpoints } from './checkpoints.ts'
import { openSqliteConnection, type SqliteConnection } from './connection.ts'
import { isBusy, isDamaged, isMoved } from './errors.ts'
import { createSqliteFollowed, hasServers, LENT_MS } from './followed.ts'
import { acceptHead, appendRevision, assertAccepted, type MovedHead } from './head.ts'
import { createSqliteLease, type SqliteLease } from './lease.ts'
import { createSqliteReaders } from './readers.ts'
import { createDisk, type Disk, isRoomLeft } from './room.ts'
import { createSnapshot } from './snapshot.ts'
import { createSqliteVerificationReads } from './verification.ts'
import { isRecentSqlite, SQLITE_VERSION_MIN } from './version.ts'
import { createSqliteWriter, type WriterHooks } from './writer.ts'

/** A file up to this size is checked for damage at each start; it takes about a tenth of a second. */
const CHECKED_BYTES_MAX = 64 * 1024 * 1024

/**
 * Pages that look-ups keep in memory: the index of 200,000 fingerprints. A key that nobody made is looked for in any of
 * them, which takes 7 µs out of the 2 MB that SQLite keeps by itself, and 4 µs out of these.
 */
const LOOK_UP_PAGES_KIB = 16 * 1024

export type SqliteOptions = WriterHooks & {
  readonly file: string
  /** No thread keeps the write-ahead log short any more: commits do. */
  readonly onThreadLost?: (error: unknown) => void
  /** A test has a clock of its own. */
  readonly monotonicMs?: () => number
  /** A test fills a disk without one. */
  readonly disk?: () => Disk
}

/** Opens the embedded store, creating and migrating it as needed. Throws StoreError with one sentence. */
export function openSqlite(options: SqliteOptions): Engine {
  const { monotonicMs = () => performance.now() } = options
  const { disk = createDisk(dirname(options.file), () => performance.now()) } = options
  const writer = explain(options.file, () => openWriter(options.file))
  const lease = createSqliteLease(monotonicMs)
  const hasRoom = () => isRoomLeft(disk(), checkpoints.dueBytes())
  const place = { database: writer.database, file: options.file }
  const checkpoints = createCheckpoints(place, hasRoom, options.onThreadLost)
  const queue = createSqliteWriter(writer, hooksOf(options, lease, checkpoints))
  const readers = createSqliteReaders(options.file)
  const { hot, snapshot } = openLookUps(options.file)
  const verification = createSqliteVerificationReads(hot, snapshot, lease, monotonicMs)
  const followed = createSqliteFollowed(hot, snapshot, (work) => queue.write(ifAccepted(work)))
  let isClosed = false

  return {
    store: 'sqlite',
    place: options.file,
    read: (work) => readers.read(ifAccepted(work)),
    async write(work, turn) {
      const { value, moved, taken } = await queue.write(
        ifAccepted(async (db) => {
          const changed: Revoked[] = []
          const value = await work(db, (scope, companyId) => void changed.push({ ...scope, companyId }))
          const taken = await lease.take(db)
          return { value, moved: await moveHead(db, changed), taken }
        }),
        turn,
      )
      taken()
      return { value, revocation: waitedFor(moved, lease) }
    },
    writeUnsynced: (work) => queue.writeUnsynced(ifAccepted(work)),
    inspect: readers.read,
    async accept(work) {
      // Nobody gets a lease on a store that is not accepted: those on the one before are over by then.
      await sleep(LENT_MS)
      await queue.write(async (db) => {
        await acceptHead(db)
        await work(db)
      })
    },
    hasRoom,
    gatherWhile: queue.gatherWhile,
    verification,
    changes: { ...verification, followed },
    async close() {
      await queue.idle()
      if (isClosed) return
      isClosed = true
      lease.end()
      await checkpoints.close()
      readers.close()
      hot.close()
      writer.database.close()
    },
  }
}

/** A connection of its own: head and log must be read in one snapshot with no other statement open. */
function openLookUps(file: string) {
  const { database: hot } = openSqliteConnection(file, { isReadOnly: true })
  hot.exec(`PRAGMA cache_size = -${LOOK_UP_PAGES_KIB}`)
  return { hot, snapshot: createSnapshot(hot) }
}

const hooksOf = ({ onFatal, onCommit }: WriterHooks, lease: SqliteLease, { afterCommit }: Checkpoints) => ({
  onFatal,
  afterCommit,
  onCommit(writes: number, durationMs: number) {
    lease.end()
    onCommit(writes, durationMs)
  },
})

/** The last statements of a transaction, and whether verifiers may be connected: read before it is committed. */
async function moveHead(db: Db, changed: readonly Revoked[]): Promise<Moved | undefined> {
  let head: MovedHead | undefined
  for (const revoked of changed) head = await appendRevision(db, revoked)
  if (head === undefined) return undefined
  return { ...head, companyId: ownerOf(changed), isFollowed: await hasServers(db) }
}

type Moved = MovedHead & Pick<Revocation, 'companyId' | 'isFollowed'>

/** What others have to hear of; undefined: nobody has to. */
function waitedFor(moved: Moved | undefined, lease: SqliteLease): Revocation | undefined {
  if (moved === undefined) return undefined
  return lease.mustSettle(moved.leaseholder) || moved.isFollowed === true ? moved : undefined
}

/** Whatever a service does with the store; commands that look at one that is not accepted use `inspect`. */
const ifAccepted =
  <T>(work: (db: Db) => Promise<T>) =>
  async (db: Db): Promise<T> => {
    await assertAccepted(db)
    return work(db)
  }

/** How long a start waits for others that start or migrate at the same moment, in milliseconds. */
const OPENING_MS_MAX = 5_000

function openWriter(file: string): SqliteConnection {
  const deadlineMs = performance.now() + OPENING_MS_MAX
  for (;;) {
    try {
      return openOnce(file)
    } catch (error) {
      // Moved: a restore has put another store in its place since it was opened.
      if (!(isBusy(error) || isMoved(error)) || performance.now() > deadlineMs) throw error
      // Not all at the same time again.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10 + Math.random() * 40)
    }
  }
}

function openOnce(file: string): SqliteConnection {
  const isNew = !existsSync(file)
  const assertFit = (database: DatabaseSync) => {
    assertVersion(database)
    assertOurs(database)
    if (!isNew && statSync(file).size <= CHECKED_BYTES_MAX) assertSound(database, file)
  }
  if (!isNew) migrateExisting(file, assertFit)
  const connection = openSqliteConnection(file, { isReadOnly: false })
  try {
    prepare(connection.database, file, assertFit)
    return connection
  } catch (error) {
    connection.database.close()
    throw error
  }
}

function prepare(database: DatabaseSync, file: string, assertFit: (database: DatabaseSync) => void): void {
  assertFit(database)
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()
  database.exec('PRAGMA synchronous = FULL')
  const synchronous = database.prepare('PRAGMA synchronous').get()
  if (mode?.journal_mode !== 'wal' || synchronous?.synchronous !== 2) {
    throw new StoreError(
      `The file system under ${file} does not support SQLite's write-ahead log: put LATCHKEY_DATA_DIR on a local disk.`,
    )
  }
  migrateSqlite(database)
  checkSqliteSchema(database)
}

function assertVersion(database: DatabaseSync): void {
  const row = database.prepare('SELECT sqlite_version() AS version').get()
  if (isRecentSqlite(String(row?.version))) return
  throw new StoreError(
    `SQLite ${row?.version} is older than ${SQLITE_VERSION_MIN}, which is needed for durable writes: ` +
      `run a newer Node than this one (${process.versions.node}).`,
  )
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
    const fault = findDiskFault(file)
    if (fault !== undefined) {
      throw new StoreError(`The database ${file} cannot be opened: ${sentenceOf(fault)}`, error)
    }
    const reason = error instanceof Error ? error.message : String(error)
    throw new StoreError(
      `The database ${file} cannot be opened (${reason}): check the file and its permissions.`,
      error,
    )
  }
}
