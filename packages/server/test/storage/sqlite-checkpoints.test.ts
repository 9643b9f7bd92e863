/**
 * The log is brought into the file by a thread: no commit waits for it, the log stays short all the same, and what was
 * committed meanwhile is there.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Checkpoints, createCheckpoints } from '../../src/storage/sqlite/checkpoints.ts'
import { openSqliteConnection, type SqliteConnection } from '../../src/storage/sqlite/connection.ts'
import { createSqliteWriter, type SqliteWriter } from '../../src/storage/sqlite/writer.ts'

const PAGE = 'x'.repeat(4_000)
/** Of a log that has begun anew. */
const LOG_BYTES_MAX = 32 * 1024 * 1024

let directory: string
let file: string
let connection: SqliteConnection
let checkpoints: Checkpoints
let writer: SqliteWriter
let isRoomLeft: boolean
/** What was heard of threads that are not there any more. */
let lost: unknown[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-checkpoints-'))
  file = join(directory, 'store')
  isRoomLeft = true
  lost = []
  open()
  connection.database.exec(
    'PRAGMA journal_mode = WAL; CREATE TABLE pages (id INTEGER PRIMARY KEY, text TEXT)',
  )
})
afterEach(async () => {
  await close()
  rmSync(directory, { recursive: true })
})

function open(fileOfThread = file): void {
  connection = openSqliteConnection(file, { isReadOnly: false })
  checkpoints = createCheckpoints(
    { database: connection.database, file: fileOfThread },
    () => isRoomLeft,
    (error) => void lost.push(error),
  )
  const { afterCommit } = checkpoints
  writer = createSqliteWriter(connection, { onFatal: () => {}, onCommit: () => {}, afterCommit })
}

async function close(): Promise<void> {
  await writer.idle()
  await checkpoints.close()
  connection.database.close()
}

/** One transaction that makes the log so many pages longer. */
const write = (pages: number): Promise<void> =>
  writer.write(async () => {
    const insert = connection.database.prepare('INSERT INTO pages (text) VALUES (?)')
    for (let page = 0; page < pages; page++) insert.run(PAGE)
  })

/** Pages of the log, and how many of them are in the file. */
function log(): { readonly log: number; readonly checkpointed: number } {
  const { log, checkpointed } = connection.database.prepare('PRAGMA wal_checkpoint(NOOP)').get() as {
    log: number
    checkpointed: number
  }
  return { log, checkpointed }
}

const count = () => connection.database.prepare('SELECT count(*) AS pages FROM pages').get()?.pages

test('a commit that makes the log too long leaves it to the thread, and the next write begins it anew', async () => {
  await write(1_500)
  // In the turn in which the write was answered: nobody has waited for anything.
  const { log: pages, checkpointed } = log()
  expect(pages).toBeGreaterThan(1_500)
  expect(checkpointed).toBe(0)
  await checkpoints.settled()
  expect(log()).toEqual({ log: pages, checkpointed: pages })
  await write(1)
  expect(log().log).toBeLessThan(10)
})

test('a log that is short is left alone', async () => {
  await write(500)
  await checkpoints.settled()
  expect(log().checkpointed).toBe(0)
})

test('writes that do not pause do not make it longer and longer', async () => {
  const longest: number[] = []
  for (let step = 0; step < 16; step++) {
    await write(600)
    longest.push(log().log)
  }
  expect(Math.max(...longest)).toBeLessThan(5_000)
  await close()
  open()
  expect(count()).toBe(16 * 600)
})

test('what is not in the file yet is counted as taken, and no more when it is there', async () => {
  await write(600)
  expect(checkpoints.dueBytes()).toBe(log().log * 4_096)
  await write(600)
  await checkpoints.settled()
  expect(checkpoints.afterCommit()).toBeUndefined()
  expect(checkpoints.dueBytes()).toBe(0)
})

test('short writes are looked at a few at a time, and none is forgotten', async () => {
  connection.database.exec('PRAGMA synchronous = OFF')
  for (let step = 0; step < 1_200; step++) await write(1)
  await checkpoints.settled()
  expect(log().checkpointed).toBeGreaterThan(950)
  // What is not in the file yet was counted, but for the last few.
  await write(100)
  await write(20)
  const { log: pages, checkpointed } = log()
  expect(checkpoints.dueBytes()).toBeGreaterThan((pages - checkpointed - 2 * 32) * 4_096)
})

test('without room on the disk the log begins anew at 1 MB', async () => {
  isRoomLeft = false
  const longest: number[] = []
  for (let step = 0; step < 40; step++) {
    await write(60)
    longest.push(log().log)
  }
  expect(Math.max(...longest)).toBeGreaterThan(250)
  expect(Math.max(...longest)).toBeLessThan(350)
  expect(count()).toBe(40 * 60)
})

test('while somebody reads an old snapshot, writes go on', async () => {
  await write(10)
  const reader = openSqliteConnection(file, { isReadOnly: true })
  reader.database.exec('BEGIN; SELECT count(*) FROM pages')
  const seen = () => reader.database.prepare('SELECT count(*) AS pages FROM pages').get()?.pages
  expect(seen()).toBe(10)
  for (let step = 0; step < 4; step++) await write(1_500)
  expect(seen()).toBe(10)
  expect(count()).toBe(6_010)
  reader.database.close()
})

test('what an old snapshot made of the log is given back to the disk when it is over', async () => {
  await write(10)
  const reader = openSqliteConnection(file, { isReadOnly: true })
  reader.database.exec('BEGIN; SELECT count(*) FROM pages')
  for (let step = 0; step < 7; step++) await write(1_500)
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(LOG_BYTES_MAX)
  reader.database.close()
  // The first has it brought into the file, and the second begins it anew.
  for (let step = 0; step < 2; step++) {
    await write(10)
    await checkpoints.settled()
  }
  expect(statSync(`${file}-wal`).size).toBeLessThanOrEqual(LOG_BYTES_MAX)
  expect(count()).toBe(7 * 1_500 + 30)
})

test('a thread that ended while it had nothing to do keeps nobody waiting: there is another', async () => {
  const threads: Worker[] = []
  const note = (thread: Worker) => void threads.push(thread)
  process.on('worker', note)
  await write(1_500)
  await checkpoints.settled()
  await threads[0]!.terminate()
  for (let step = 0; step < 4; step++) await write(1_500)
  await checkpoints.settled()
  process.off('worker', note)
  expect(threads).toHaveLength(2)
  // It has brought all of it there: the next write begins the log anew.
  await write(1)
  expect(log().log).toBeLessThan(10)
  expect(count()).toBe(5 * 1_500 + 1)
})

test('a thread that cannot do its work is asked no more, which is told once, and SQLite does it in its commits', async () => {
  await close()
  open(join(directory, 'none', 'store'))
  await write(1_500)
  await checkpoints.settled()
  expect(log().checkpointed).toBe(0)
  await write(1)
  expect(log().checkpointed).toBeGreaterThan(1_500)
  expect(checkpoints.afterCommit()).toBeUndefined()
  await write(1)
  expect(log().log).toBeLessThan(10)
  await write(5_000)
  expect(count()).toBe(6_502)
  expect(lost).toEqual([expect.objectContaining({ message: expect.stringMatching(/unable to open/) })])
})

test('a thread that ends in the middle of its work is told, and nobody waits for it', async () => {
  const started = new Promise<Worker>((resolve) => void process.once('worker', resolve))
  await write(1_500)
  const settled = checkpoints.settled()
  await (await started).terminate()
  await settled
  expect(lost).toEqual([expect.objectContaining({ message: expect.stringMatching(/^the thread ended/) })])
  for (let step = 0; step < 4; step++) await write(1_500)
  expect(log().log).toBeLessThan(5_000)
})
