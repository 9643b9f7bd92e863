/** Backups that whoever restores may not write beside, or not read: “damaged” is said of what is damaged only. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHome, type Home } from './running.ts'

const ONE_SENTENCE = /^latchkey: (?!.*Error:)[^\n]+\n$/
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

let home: Home
let backups: string
let copy: string

beforeEach(async () => {
  home = createHome()
  backups = join(home.directory, 'backups')
  copy = join(backups, 'copy.db')
  mkdirSync(backups)
  expect((await home.run(['bootstrap'])).exitCode).toBe(0)
  expect((await home.run(['backup', copy])).exitCode).toBe(0)
  chmodSync(home.directory, 0o755)
  chmodSync(copy, 0o644)
  if (isRoot) for (const file of ['', ...readdirSync(home.dataDir)]) giveAway(join(home.dataDir, file))
})

afterEach(async () => {
  chmodSync(backups, 0o755)
  await home.dispose()
})

const giveAway = (file: string) => chownSync(file, NOBODY, NOBODY)

/** As a user whom the permissions bind: root may do everything. */
function runBound(args: readonly string[]) {
  const wrap = (command: readonly string[]) =>
    isRoot ? ['setpriv', `--reuid=${NOBODY}`, '--clear-groups', ...command] : command
  return home.start(args, { wrap }).ended
}

const restore = () => runBound(['restore', copy])

async function expectRestored(): Promise<void> {
  const before = readdirSync(backups)
  expect(await restore()).toMatchObject({
    exitCode: 0,
    stderr: '',
    stdout: expect.stringMatching(/^Restored\./),
  })
  expect(readdirSync(backups)).toEqual(before)
}

async function expectRefused(sentence: RegExp): Promise<void> {
  const before = readdirSync(home.dataDir)
  const { exitCode, stdout, stderr } = await restore()
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toMatch(ONE_SENTENCE)
  expect(stderr).toMatch(sentence)
  expect(readdirSync(home.dataDir)).toEqual(before)
}

/** The backup as a store that somebody has in use: with what was written last in its log. */
function writeIntoLog(): void {
  const live = new DatabaseSync(copy)
  live.exec('PRAGMA journal_mode = WAL; UPDATE head SET revision = revision + 1')
  for (const part of ['', '-wal', '-shm']) copyFileSync(`${copy}${part}`, `${copy}.now${part}`)
  live.close()
  for (const part of ['', '-wal', '-shm']) renameSync(`${copy}.now${part}`, `${copy}${part}`)
}

function revisionOf(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true })
  const row = database.prepare('SELECT revision FROM head').get()
  database.close()
  return Number(row?.revision)
}

describe('a backup in a directory that cannot be written to', () => {
  it('is restored, and nothing is made beside it', async () => {
    chmodSync(backups, 0o555)
    await expectRestored()
  })

  it('is restored with the log that is read in already', async () => {
    writeFileSync(`${copy}-wal`, '')
    chmodSync(backups, 0o555)
    await expectRestored()
  })

  it('is restored with what is in its log', async () => {
    const before = revisionOf(copy)
    writeIntoLog()
    chmodSync(backups, 0o555)
    await expectRestored()
    expect(revisionOf(join(home.dataDir, 'latchkey.db'))).toBe(before + 2)
  })

  it('is not called damaged for a log that cannot be read in there', async () => {
    writeIntoLog()
    renameSync(`${copy}-shm`, join(home.directory, 'index'))
    chmodSync(backups, 0o555)
    await expectRefused(/copy\.db cannot be read where it is \(.*\): copy it, with its -wal/)
  })

  it('is called damaged when it is', async () => {
    writeFileSync(copy, 'x'.repeat(3_000), { flag: 'r+' })
    chmodSync(backups, 0o555)
    await expectRefused(/copy\.db is not a store of Latchkey, or is damaged: use another/)
  })
})

describe('a backup that this user may not read', () => {
  it('is not called damaged', async () => {
    chmodSync(copy, 0o000)
    await expectRefused(/copy\.db cannot be read \(EACCES\): run this as/)
  })

  it('is not said to be missing for the directory it is in', async () => {
    chmodSync(backups, 0o000)
    await expectRefused(/copy\.db cannot be read \(EACCES\): run this as/)
  })

  it('is not called damaged for its log', async () => {
    writeIntoLog()
    for (const part of ['-wal', '-shm']) chmodSync(`${copy}${part}`, 0o000)
    await expectRefused(/copy\.db cannot be read where it is/)
  })
})

describe('a data directory that this user may not write to', () => {
  it.each(['555', '000'])('is named, and is no bug: mode %s', async (mode) => {
    if (isRoot) chownSync(home.dataDir, 0, 0)
    chmodSync(home.dataDir, mode)
    const { exitCode, stdout, stderr } = await restore()
    chmodSync(home.dataDir, 0o755)
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(
      /^latchkey: The restore to \S+ failed: \S+data cannot be read and written by this user\. [^\n]+\n$/,
    )
    expect(readdirSync(home.dataDir).filter((name) => /incoming|before/.test(name))).toEqual([])
  })
})

describe.skipIf(!isRoot)('a store of another user', () => {
  it.each([
    [
      'in a directory that this one may not enter',
      0o700,
      0o600,
      /This user may not look at \S+latchkey\.db: run/,
    ],
    ['that this one may not read', 0o755, 0o600, /latchkey\.db cannot be read and written by this user/],
    ['that this one may not write', 0o755, 0o644, /latchkey\.db cannot be read and written by this user/],
  ])('%s is not backed up, and not said to be missing', async (_how, ofDirectory, ofFile, sentence) => {
    const store = join(home.dataDir, 'latchkey.db')
    for (const file of [home.dataDir, store]) chownSync(file, 0, 0)
    chmodSync(home.dataDir, ofDirectory)
    chmodSync(store, ofFile)
    chmodSync(backups, 0o777)
    const { exitCode, stdout, stderr } = await runBound(['backup', join(backups, 'another.db')])
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(ONE_SENTENCE)
    expect(stderr).toMatch(sentence)
    expect(readdirSync(backups)).toEqual(['copy.db'])
  })

  it('is not said to be missing by other commands either', async () => {
    chownSync(home.dataDir, 0, 0)
    const { exitCode, stderr } = await runBound(['audit', 'verify'])
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^latchkey: This user may not look at \S+latchkey\.db: [^\n]+\n$/)
  })
})
