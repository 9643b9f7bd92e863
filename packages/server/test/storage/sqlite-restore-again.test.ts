/** What a restored store is compared with: the last one that was accepted, whatever was restored in between. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { acceptRestored } from '../../src/host/store-on-host.ts'
import { storeFileOf } from '../../src/open-store.ts'
import { createServices } from '../../src/services.ts'
import { backupSqlite } from '../../src/storage/sqlite/backup.ts'
import type { Forgotten } from '../../src/storage/sqlite/forgotten.ts'
import { findUnaccepted, restoreSqlite } from '../../src/storage/sqlite/restore.ts'
import { expectCreated, startTestServer, type TestService } from '../harness.ts'

const ENVIRONMENT = {
  LATCHKEY_SECRET: 'a secret of this test, long enough to be one',
  LATCHKEY_LOG_LEVEL: 'silent',
}

let server: TestService
let directory: string
/** Where stores are restored to, and two backups: of before a deletion, and of before that. */
let target: string
let copy: string
let older: string
/** It is in both backups, and deleted in the store that was in use. */
let deleted: string
/** Made between the two. */
let late: string

beforeEach(async () => {
  server = await startTestServer(ENVIRONMENT)
  directory = mkdtempSync(join(tmpdir(), 'latchkey-restore-'))
  target = join(directory, 'latchkey.db')
  copy = join(directory, 'copy.db')
  older = join(directory, 'older.db')
  deleted = (await createKey()).id
  await backUp(older)
  late = (await createKey()).id
  await backUp(copy)
  await server.call({ method: 'DELETE', path: `/keys/${deleted}` })
  await backUp(target)
})

afterEach(async () => {
  await server.dispose()
  rmSync(directory, { recursive: true, force: true })
})

const createKey = () => expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })
const backUp = (file: string) => backupSqlite(storeFileOf(server.dataDir), file, () => {})
const keptAt = (time: string) => `${target}.before-restore-${time}`
const naming = (forgotten: Forgotten | undefined) => forgotten?.kinds

const DELETED = () => [{ kind: 'keyDeleted', count: 1, names: [deleted] }]

async function accept(): Promise<void> {
  const { config, secretSource } = readConfig({ ...ENVIRONMENT, LATCHKEY_DATA_DIR: directory })
  const services = await createServices(config, secretSource)
  await acceptRestored(services).finally(() => services.dispose())
}

it('a second restore, and a third, name what the first one named', () => {
  expect(naming(restoreSqlite(older, target, '1').forgotten)).toEqual(DELETED())
  for (const [again, time] of [
    [older, '2'],
    [copy, '3'],
  ] as const) {
    const restored = restoreSqlite(again, target, time)
    expect(restored).toMatchObject({ kept: keptAt(time), accepted: keptAt('1') })
    expect(naming(restored.forgotten)).toEqual(DELETED())
    expect(findUnaccepted(target)).toEqual({ accepted: keptAt('1'), forgotten: restored.forgotten })
  }
})

it('one that was accepted is what the next restore is compared with', async () => {
  restoreSqlite(older, target, '1')
  await accept()
  expect(findUnaccepted(target)).toBeUndefined()
  const restored = restoreSqlite(copy, target, '2')
  expect(restored).toMatchObject({ kept: keptAt('2'), accepted: keptAt('2') })
  expect(naming(restored.forgotten)).toEqual([{ kind: 'keyUnknown', count: 1, names: [late] }])
  expect(findUnaccepted(target)).toEqual({ accepted: keptAt('2'), forgotten: restored.forgotten })
})

it('a store that cannot be read is not taken for one with nothing to tell by what comes after it', () => {
  writeFileSync(target, 'a text '.repeat(1_000))
  expect(restoreSqlite(copy, target, '1')).toEqual({
    kept: keptAt('1'),
    accepted: keptAt('1'),
    forgotten: undefined,
  })
  const again = restoreSqlite(copy, target, '2')
  expect(again).toEqual({ kept: keptAt('2'), accepted: keptAt('1'), forgotten: undefined })
  expect(findUnaccepted(target)).toEqual({ accepted: keptAt('1'), forgotten: undefined })
})

it('what an earlier restore kept is not taken for the store of this one', async () => {
  restoreSqlite(copy, target, '1')
  await accept()
  rmSync(target)
  const none = { accepted: undefined, forgotten: undefined }
  expect(restoreSqlite(copy, target, '2')).toEqual({ kept: undefined, ...none })
  expect(findUnaccepted(target)).toEqual(none)
  // That one was not accepted, and took the place of none.
  expect(restoreSqlite(older, target, '3')).toEqual({ kept: keptAt('3'), ...none })
  expect(findUnaccepted(target)).toEqual(none)
})

it('a store that was kept and is gone is not made again, nor another taken for it', () => {
  restoreSqlite(older, target, '1')
  rmSync(keptAt('1'))
  expect(findUnaccepted(target)).toEqual({ accepted: keptAt('1'), forgotten: undefined })
  const again = restoreSqlite(older, target, '2')
  expect(again).toEqual({ kept: keptAt('2'), accepted: keptAt('1'), forgotten: undefined })
  expect(existsSync(keptAt('1'))).toBe(false)
})

it('nothing is compared with a store that was not accepted, though a name says otherwise', () => {
  restoreSqlite(older, target, '1')
  const kept = new DatabaseSync(keptAt('1'))
  kept.exec('UPDATE head SET is_accepted = 0')
  kept.close()
  expect(findUnaccepted(target)).toEqual({ accepted: keptAt('1'), forgotten: undefined })
})

it('a backup of a store that was not accepted brings nothing of what that was compared with', async () => {
  restoreSqlite(older, target, '1')
  const ofRestored = join(directory, 'restored.db')
  await backupSqlite(target, ofRestored, () => {})
  rmSync(target)
  expect(restoreSqlite(ofRestored, target, '2')).toEqual({
    kept: undefined,
    accepted: undefined,
    forgotten: undefined,
  })
  expect(findUnaccepted(target)).toEqual({ accepted: undefined, forgotten: undefined })
})
