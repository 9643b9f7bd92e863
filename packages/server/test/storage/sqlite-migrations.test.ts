/** A store of the release before, while nobody has it open and while somebody has. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { StoreError } from '../../src/storage/engine.ts'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'

let directory: string
let file: string

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-test-'))
  file = join(directory, 'a.db')
  await open().close()
  const database = new DatabaseSync(file)
  database.exec(`ALTER TABLE head DROP COLUMN leaseholder; UPDATE head SET revision = 7;
    DELETE FROM migrations WHERE name = '0002-leaseholder'`)
  database.close()
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const open = () => openSqlite({ file, onFatal: () => {}, onCommit: () => {} })

/** As a process that has the file open reads it. */
function readHead(database: DatabaseSync): Record<string, unknown> {
  const { revision, ...others } = database.prepare('SELECT * FROM head').get()!
  return { revision, hasLeaseholder: 'leaseholder' in others }
}

test('it is brought to the schema of this release, and keeps what is in it', async () => {
  const engine = open()
  const database = new DatabaseSync(file, { readOnly: true })
  expect(readHead(database)).toEqual({ revision: 7, hasLeaseholder: true })
  expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
  database.close()
  await engine.close()
})

test('it stays as it is while a process of that release has it open', async () => {
  const old = new DatabaseSync(file)
  old.exec('PRAGMA journal_mode = WAL')
  expect(readHead(old)).toEqual({ revision: 7, hasLeaseholder: false })
  expect(open).toThrow(expect.toSatisfy((it) => it instanceof StoreError && /stop the old/.test(it.message)))
  expect(readHead(old)).toEqual({ revision: 7, hasLeaseholder: false })
  old.close()
  await open().close()
})

const HOLD_MS = 500

/** Another process has it open for half a second. */
async function holdOpen(statements: string): Promise<{ readonly gone: Promise<unknown> }> {
  const program = `
    const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(process.argv[1])
    database.exec(process.argv[2])
    process.stdout.write('.')
    setTimeout(() => database.close(), ${HOLD_MS})`
  const child = spawn(process.execPath, ['-e', program, file, statements])
  const gone = once(child, 'close')
  await once(child.stdout, 'data')
  return { gone }
}

test.each([
  ['looks whether there is anything to do', 'SELECT * FROM head'],
  ['brings it forward', 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT'],
])('it is waited for while another that starts at the same time %s', async (_, statements) => {
  const { gone } = await holdOpen(`PRAGMA journal_mode = WAL; ${statements}`)
  await open().close()
  await gone
  const database = new DatabaseSync(file, { readOnly: true })
  expect(readHead(database)).toEqual({ revision: 7, hasLeaseholder: true })
  database.close()
})
