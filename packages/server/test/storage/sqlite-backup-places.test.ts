/** A backup beside other backups, and of what is no whole store: nothing is overwritten, and what is wrong is said of it. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrateSqlite } from '../../src/storage/migrations/sqlite.ts'
import { backupSqlite } from '../../src/storage/sqlite/backup.ts'
import { checkCopy } from '../../src/storage/sqlite/copy.ts'

let directory: string
let store: string
let copy: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-places-'))
  store = join(directory, 'latchkey.db')
  copy = join(directory, 'copy.db')
  const database = new DatabaseSync(store)
  migrateSqlite(database)
  database.close()
})
afterEach(() => rmSync(directory, { recursive: true }))

const backUp = () => backupSqlite(store, copy, () => {})
const names = () => readdirSync(directory).toSorted()

describe('a name that is taken', () => {
  it.each([
    ['by a file', () => writeFileSync(copy, 'mine')],
    ['by a link that leads nowhere', () => symlinkSync('nowhere', copy)],
  ])('%s meanwhile is not overwritten', async (_how, take) => {
    const backing = backUp()
    take()
    await expect(backing).rejects.toThrow(`${copy} exists already`)
    expect(names()).toEqual(['copy.db', 'latchkey.db'])
    if (existsSync(copy)) expect(readFileSync(copy, 'utf8')).toBe('mine')
  })

  it('by another backup at the same moment: one is made, and neither harms the other', async () => {
    const outcomes = await Promise.allSettled([backUp(), backUp(), backUp()])
    const failed = outcomes.flatMap((each) =>
      each.status === 'rejected' ? [String(each.reason.message)] : [],
    )
    expect(failed).toEqual([
      expect.stringContaining('exists already'),
      expect.stringContaining('exists already'),
    ])
    checkCopy(copy)
    expect(names()).toEqual(['copy.db', 'latchkey.db'])
  })
})

it('what a killed backup left is removed by the next of that name, and what another is writing is not', async () => {
  const running = `copy.db.partial-${process.pid}-00000000`
  // No process has a number so high.
  const left = ['copy.db.partial-4194305-00000000', 'copy.db.partial-4194305-00000000-journal']
  for (const name of [running, ...left]) writeFileSync(join(directory, name), '')
  await backUp()
  expect(names()).toEqual(['copy.db', running, 'latchkey.db'])
})

function harm(at: number): void {
  const open = openSync(store, 'r+')
  writeSync(open, Buffer.alloc(3_000, 'x'), 0, 3_000, at)
  closeSync(open)
}

describe('a store that cannot be backed up is named, and its copy is not kept', () => {
  it.each([
    ['its head is damaged', () => harm(0), /latchkey\.db is damaged, or not a store.*latchkey doctor/],
    [
      'a page is damaged',
      () => harm(4_096 * 30),
      /The copy of \S+latchkey\.db did not hold.*latchkey doctor/,
    ],
    ['it is empty', () => writeFileSync(store, ''), /latchkey\.db is damaged, or not a store/],
    [
      'it is another file',
      () => writeFileSync(store, 'text '.repeat(1_000)),
      /latchkey\.db is damaged, or not/,
    ],
    ['it is not there', () => rmSync(store), /There is no store at .*latchkey\.db/],
  ])('when %s', async (_why, happens, sentence) => {
    happens()
    await expect(backUp()).rejects.toThrow(sentence)
    await expect(backUp()).rejects.not.toThrow(/\n|its free space/)
    expect(names().filter((name) => name.startsWith('copy.db'))).toEqual([])
  })
})

it('a damaged backup is told in one line', () => {
  harm(4_096 * 30)
  copyFileSync(store, copy)
  expect(() => checkCopy(copy)).toThrow(/^\S+copy\.db is damaged \([^\n]+\): use another\.$/)
})
