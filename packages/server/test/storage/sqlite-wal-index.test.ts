import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTrial, openWalIndex, type Trial, type WalIndex } from '../../src/storage/sqlite-wal-index.ts'

let directory: string
let database: DatabaseSync
let index: WalIndex

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-wal-'))
  database = new DatabaseSync(join(directory, 'store.db'))
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (0)')
  index = openWalIndex(join(directory, 'store.db'))
  index.isUnchanged()
})
afterEach(() => {
  database.close()
  index.close()
  rmSync(directory, { recursive: true })
})

test('nothing has changed while nobody commits, whatever is read or rolled back', () => {
  expect(index.isUnchanged()).toBe(true)
  database.prepare('SELECT * FROM t').all()
  database.exec('BEGIN IMMEDIATE; UPDATE t SET n = 1; ROLLBACK')
  expect(index.isUnchanged()).toBe(true)
})

test('each commit shows, once, however small', () => {
  for (let n = 0; n < 2_000; n++) {
    // A row that is given the value it has is no change.
    database.exec('UPDATE t SET n = n + 1')
    expect(index.isUnchanged()).toBe(false)
    expect(index.isUnchanged()).toBe(true)
  }
})

test('a commit shows after the log was written back and begun anew', () => {
  for (let n = 0; n < 50; n++) {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    index.isUnchanged()
    database.exec('UPDATE t SET n = n + 1')
    expect(index.isUnchanged()).toBe(false)
  }
})

test('a commit of another process shows as soon as that process knows of it', async () => {
  const program = `
    const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(process.argv[1])
    process.stdin.on('data', () => { database.exec('UPDATE t SET n = n + 1'); process.stdout.write('.') })`
  const child = spawn(process.execPath, ['-e', program, join(directory, 'store.db')])
  try {
    for (let n = 0; n < 200; n++) {
      child.stdin.write('next\n')
      await once(child.stdout, 'data')
      expect(index.isUnchanged()).toBe(false)
      expect(index.isUnchanged()).toBe(true)
    }
  } finally {
    child.kill()
    await once(child, 'close')
  }
})

test('a killed writer leaves an index in which the next commit shows', async () => {
  const program = `
    const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(process.argv[1])
    process.stdout.write('.')
    for (;;) database.exec('UPDATE t SET n = n + 1')`
  for (let n = 0; n < 10; n++) {
    const child = spawn(process.execPath, ['-e', program, join(directory, 'store.db')])
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'close')
    index.isUnchanged()
    const before = database.prepare('SELECT n FROM t').get()
    index.isUnchanged()
    database.exec('UPDATE t SET n = n + 1')
    expect(index.isUnchanged()).toBe(false)
    expect(database.prepare('SELECT n FROM t').get()).not.toEqual(before)
  }
})

test('the locks of SQLite outlive an index that is closed before its connections', () => {
  const reader = new DatabaseSync(join(directory, 'store.db'), { readOnly: true })
  reader.exec('BEGIN')
  reader.prepare('SELECT * FROM t').all()
  openWalIndex(join(directory, 'store.db')).close()
  index.close()
  // Another process cannot begin the log anew while this one reads from it.
  const program = `
    const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(process.argv[1], { timeout: 0 })
    process.stdout.write(String(database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get().busy))`
  const busy = execFileSync(process.execPath, ['-e', program, join(directory, 'store.db')])
  expect(String(busy)).toBe('1')
  reader.close()
})

test('a store that takes the place of another shows its own commits', () => {
  index.close()
  database.close()
  rmSync(join(directory, 'store.db'))
  database = new DatabaseSync(join(directory, 'store.db'))
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (0)')
  index = openWalIndex(join(directory, 'store.db'))
  index.isUnchanged()
  database.exec('UPDATE t SET n = n + 1')
  expect(index.isUnchanged()).toBe(false)
})

/** One write, as the engine tells a trial of it. */
function write(trial: Trial, statement: string): void {
  database.exec('BEGIN IMMEDIATE')
  trial.begun()
  database.exec(`${statement}; COMMIT`)
  trial.committed()
}

test('an index is believed from the first commit on that shows in it at once', () => {
  const trial = createTrial(index)
  expect(trial.isPassed).toBe(false)
  write(trial, 'SELECT 1')
  expect(trial.isPassed).toBe(false)
  write(trial, 'UPDATE t SET n = n + 1')
  expect(trial.isPassed).toBe(true)
})

test('an index is not believed when SQLite writes to another than can be read', () => {
  const file = join(directory, 'store.db-shm')
  copyFileSync(file, `${file}.copy`)
  renameSync(`${file}.copy`, file)
  const trial = createTrial(openWalIndex(join(directory, 'store.db')))
  write(trial, 'UPDATE t SET n = n + 1')
  expect(trial.isPassed).toBe(false)
})

test('what another process commits is no proof, nor is a write that came to nothing', () => {
  const trial = createTrial(index)
  const other = new DatabaseSync(join(directory, 'store.db'))
  trial.begun()
  trial.committed()
  other.exec('UPDATE t SET n = n + 1')
  trial.committed()
  expect(trial.isPassed).toBe(false)
  other.close()
})

test('an index that cannot be read is not believed, and no write fails for it', () => {
  const broken = openWalIndex(join(directory, 'store.db'))
  const trial = createTrial(broken)
  broken.close()
  write(trial, 'UPDATE t SET n = n + 1')
  expect(trial.isPassed).toBe(false)
})

test('a closed index answers nothing', () => {
  const other = openWalIndex(join(directory, 'store.db'))
  other.close()
  expect(() => other.isUnchanged()).toThrow('closed')
})
