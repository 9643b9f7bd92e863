/** What people are in a store of the release before, on SQLite, where the table of users is made anew. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { APPLICATION_ID } from '../../src/storage/migrations/sqlite.ts'
import { initial } from '../../src/storage/migrations/sqlite-0001-initial.ts'
import { leaseholder } from '../../src/storage/migrations/sqlite-0002-leaseholder.ts'
import { provableAudit } from '../../src/storage/migrations/sqlite-0003-provable-audit.ts'
import { keyCeilings } from '../../src/storage/migrations/sqlite-0005-key-ceilings.ts'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import { RELEASE_BEFORE } from './release-before.ts'

let directory: string
let file: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-test-'))
  file = join(directory, 'a.db')
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA journal_mode = WAL;
    CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    ${initial} ${leaseholder}
    INSERT INTO migrations VALUES ('0001-initial', 1), ('0002-leaseholder', 2);
    ${RELEASE_BEFORE.replaceAll('EMPTY', "x''").replaceAll('BYTES32', 'zeroblob(32)')}`)
  database.close()
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const open = () => openSqlite({ file, onFatal: () => {}, onCommit: () => {} })
const look = <T>(ask: (database: DatabaseSync) => T): T => {
  const database = new DatabaseSync(file)
  try {
    return ask(database)
  } finally {
    database.close()
  }
}

test('everybody is there as before, and each password is for the address its user has', async () => {
  const before = look((database) => database.prepare('SELECT * FROM users ORDER BY id').all())
  await open().close()
  const after = look((database) => database.prepare('SELECT * FROM users ORDER BY id').all())
  expect(after).toEqual(before.map((row) => ({ ...row, deleted_at: null })))
  expect(look((database) => database.prepare('SELECT * FROM passwords ORDER BY user_id').all())).toEqual([
    { user_id: 'usr_1', hash: 'a hash', updated_at: 7, email: 'ada@example.com', giver: null },
    { user_id: 'usr_2', hash: 'another hash', updated_at: 8, email: null, giver: null },
  ])
})

test('a store that has a later step already still gets this one', async () => {
  look((database) =>
    database.exec(`${provableAudit} ${keyCeilings}
      INSERT INTO migrations VALUES ('0003-provable-audit', 3), ('0005-key-ceilings', 5);`),
  )
  await open().close()
  expect(look((database) => database.prepare('SELECT email FROM passwords').all())).toHaveLength(2)
  expect(look((database) => database.prepare('SELECT name FROM migrations').all())).toContainEqual({
    name: '0004-people',
  })
})

test('an address is unique in its company, and what refers to a user still has to be one', async () => {
  await open().close()
  const run = (sql: string) => () => look((database) => database.exec(sql))
  expect(run("UPDATE users SET email = 'eve@example.com' WHERE id = 'usr_1'")).not.toThrow()
  expect(run("UPDATE users SET email = 'eve@example.com' WHERE id = 'usr_2'")).toThrow('UNIQUE')
  expect(run("INSERT INTO passwords VALUES ('usr_4', 'x', 1, NULL, NULL)")).toThrow('FOREIGN KEY')
  expect(run("DELETE FROM users WHERE id = 'usr_1'")).toThrow('FOREIGN KEY')
  expect(run("UPDATE keys SET company_id = 'cmp_2'")).toThrow('FOREIGN KEY')
})

test('a store whose rows refer to nobody stays as it is', () => {
  look((database) => database.exec("PRAGMA foreign_keys = OFF; UPDATE sessions SET user_id = 'usr_9'"))
  const before = look((database) => database.prepare('SELECT sql FROM sqlite_schema').all())
  expect(open).toThrow('a row of sessions refers to one of users that is not there')
  expect(look((database) => database.prepare('SELECT sql FROM sqlite_schema').all())).toEqual(before)
})
