import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openWalIndex, showsCommits, type WalIndex } from '../../src/storage/sqlite-wal-index.ts'

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

test('an index is believed when a commit shows in it at once', () => {
  expect(showsCommits(index, database)).toBe(true)
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 0 })
})

test('an index is not believed when SQLite writes to another than can be read', () => {
  const file = join(directory, 'store.db-shm')
  copyFileSync(file, `${file}.copy`)
  renameSync(`${file}.copy`, file)
  const other = openWalIndex(join(directory, 'store.db'))
  expect(showsCommits(other, database)).toBe(false)
})

test('an index is not believed when no commit could be made to try it', () => {
  const busy = new DatabaseSync(join(directory, 'store.db'))
  busy.exec('BEGIN IMMEDIATE')
  expect(showsCommits(index, database)).toBe(false)
  busy.close()
})

test('a closed index answers nothing', () => {
  const other = openWalIndex(join(directory, 'store.db'))
  other.close()
  expect(() => other.isUnchanged()).toThrow('closed')
})
