/** What a failed look at the store leaves behind: nothing that the next look would trust. */
import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AskedChanges } from '../../src/storage/engine.ts'
import { openSqlite } from '../../src/storage/sqlite.ts'
import { openSqliteConnection } from '../../src/storage/sqlite-connection.ts'
import { createSqliteVerificationReads } from '../../src/storage/sqlite-verification.ts'
import { openWalIndex } from '../../src/storage/sqlite-wal-index.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-test-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** The disk under it can be made to fail, once. */
function failing(database: DatabaseSync) {
  let isFailing = false
  const prepare = (text: string) => {
    const statement = database.prepare(text)
    const get = statement.get.bind(statement) as (...parameters: never[]) => unknown
    statement.get = ((...parameters: never[]) => {
      if (isFailing) throw new Error('disk I/O error')
      return get(...parameters)
    }) as typeof statement.get
    return statement
  }
  return {
    database: { prepare, exec: (sql: string) => database.exec(sql) } as DatabaseSync,
    failWhile(act: () => void) {
      isFailing = true
      act()
      isFailing = false
    },
  }
}

test('a change that could not be read once is read the next time, not taken for known', async () => {
  const file = join(directory, 'a.db')
  const engine = openSqlite({ file, onFatal: () => {}, onCommit: () => {} })
  const { database } = openSqliteConnection(file, { isReadOnly: true })
  const disk = failing(database)
  const walIndex = openWalIndex(file)
  const reads = createSqliteVerificationReads(disk.database, walIndex)
  const revision = reads.changesSince(-1)!.revision
  expect(reads.changesSince(revision)).toBeUndefined()

  await engine.write(async (_db, revoke) => revoke({ scope: 'key', id: 'key_1' as never }))
  disk.failWhile(() => expect(() => reads.changesSince(revision)).toThrow('disk I/O error'))
  expect(reads.changesSince(revision)?.rows).toHaveLength(1)

  database.close()
  await engine.close()
  walIndex.close()
})

test('where commits do not show in the index, each look asks the store and sees every change', async () => {
  const file = join(directory, 'a.db')
  await openSqlite({ file, onFatal: () => {}, onCommit: () => {} }).close()
  // This process writes to the index that the first connection found, whatever has its name now.
  const { database } = openSqliteConnection(file, { isReadOnly: true })
  database.exec('SELECT * FROM head')
  copyFileSync(`${file}-shm`, `${file}-copy`)
  renameSync(`${file}-copy`, `${file}-shm`)
  const engine = openSqlite({ file, onFatal: () => {}, onCommit: () => {} })
  const changes = engine.changes as AskedChanges
  let { revision } = changes.changesSince(-1)!
  for (let n = 0; n < 10; n++) {
    expect(changes.changesSince(revision)).toBeUndefined()
    await engine.write(async (_db, revoke) => revoke({ scope: 'key', id: 'key_1' as never }))
    expect(changes.changesSince(revision)?.rows).toHaveLength(1)
    revision += 1
  }
  database.close()
  await engine.close()
})
