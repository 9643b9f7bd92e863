import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { createApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { acceptRestored } from '../../src/host/store-on-host.ts'
import { storeFileOf } from '../../src/open-store.ts'
import { createServices } from '../../src/services.ts'
import { StoreError } from '../../src/storage/engine.ts'
import { backupSqlite } from '../../src/storage/sqlite/backup.ts'
import { findUnaccepted, restoreSqlite } from '../../src/storage/sqlite/restore.ts'
import { ask, expectCreated, startTestServer, type TestService } from '../harness.ts'

const ENVIRONMENT = {
  LATCHKEY_SECRET: 'a secret of this test, long enough to be one',
  LATCHKEY_LOG_LEVEL: 'silent',
}

let server: TestService
let directory: string

beforeEach(async () => {
  server = await startTestServer(ENVIRONMENT)
  directory = mkdtempSync(join(tmpdir(), 'latchkey-backup-'))
})

afterEach(async () => {
  await server.dispose()
  rmSync(directory, { recursive: true, force: true })
})

const createKey = () => expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })

function keyIdsIn(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true })
  const rows = database.prepare('SELECT id FROM keys').all()
  database.close()
  return rows.map((row) => String(row.id))
}

describe('a backup', () => {
  it('holds every key acknowledged before it began, while others go on being made', async () => {
    const before: string[] = []
    for (let n = 0; n < 200; n++) before.push((await createKey()).id)
    let isOver = false
    const writing = (async () => {
      while (!isOver) await Promise.all([createKey(), createKey(), createKey(), createKey()])
    })()
    const copy = join(directory, 'copy.db')
    await backupSqlite(storeFileOf(server.dataDir), copy, () => {})
    isOver = true
    await writing
    expect(new Set(keyIdsIn(copy)).isSupersetOf(new Set(before))).toBe(true)
    const database = new DatabaseSync(copy, { readOnly: true })
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    // Counters, rows and audit events of one moment.
    const counted = database.prepare('SELECT sum(keys_active) AS n FROM companies').get()
    expect(database.prepare('SELECT count(*) AS n FROM keys').get()).toEqual(counted)
    const events = "SELECT count(*) AS n FROM audit_events WHERE action = 'key.created'"
    expect(database.prepare(events).get()).toEqual(counted)
    database.close()
  })

  it('never overwrites, and leaves nothing behind when it cannot be made', async () => {
    const copy = join(directory, 'copy.db')
    writeFileSync(copy, 'mine')
    await expect(backupSqlite(storeFileOf(server.dataDir), copy, () => {})).rejects.toThrow(StoreError)
    const nowhere = join(directory, 'no', 'such', 'place.db')
    await expect(backupSqlite(storeFileOf(server.dataDir), nowhere, () => {})).rejects.toThrow(StoreError)
  })
})

/** A store of that name as a killed process leaves it: with what it wrote last in its log. */
function leaveStore(file: string): void {
  cpSync(storeFileOf(server.dataDir), file)
  cpSync(`${storeFileOf(server.dataDir)}-wal`, `${file}-wal`)
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0)
}

/** Overwrites a piece of a file. */
function harm(file: string, at: number, bytes: number): void {
  const open = openSync(file, 'r+')
  writeSync(open, Buffer.alloc(bytes, 'x'), 0, bytes, at)
  closeSync(open)
}

/** Of a store that was closed: no log mends it. */
const damaged = (happens: (store: string) => void) => (store: string) => {
  rmSync(`${store}-wal`)
  happens(store)
}

describe('what SQLite puts beside a file', () => {
  test.each<readonly [string, (store: string) => void]>([
    ['a store whose file was moved away', (store) => rmSync(store)],
    ['a store whose file begins with something else', (store) => harm(store, 0, 100)],
    ['a store whose first page is damaged', (store) => harm(store, 100, 3_000)],
    ['a store that was cut off', (store) => truncateSync(store, 10_000)],
    ['a store that is empty', (store) => truncateSync(store, 0)],
    ['a store that is whole', () => {}],
    ['a store without a log that begins with something else', damaged((store) => harm(store, 0, 100))],
    ['a store without a log whose first page is damaged', damaged((store) => harm(store, 100, 3_000))],
    ['a store without a log that was cut off', damaged((store) => truncateSync(store, 10_000))],
    ['a file that is no store', damaged((store) => writeFileSync(store, 'a text '.repeat(1_000)))],
  ])('of %s is not read into a restored one, and keeps none from its place', async (_, happens) => {
    const early = await createKey()
    const copy = join(directory, 'copy.db')
    await backupSqlite(storeFileOf(server.dataDir), copy, () => {})
    const late: string[] = []
    for (let n = 0; n < 20; n++) late.push((await createKey()).id)
    const target = join(directory, 'latchkey.db')
    leaveStore(target)
    happens(target)
    restoreSqlite(copy, target, '1')
    const ids = keyIdsIn(target)
    expect(ids).toContain(early.id)
    expect(new Set(late).isDisjointFrom(new Set(ids))).toBe(true)
    const database = new DatabaseSync(target)
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    expect(database.prepare('SELECT is_accepted FROM head').get()).toEqual({ is_accepted: 0 })
    database.close()
    expect(readdirSync(directory).filter((name) => name.includes('.incoming'))).toEqual([])
  })

  test('of another store is not read into a backup', async () => {
    const copy = join(directory, 'copy.db')
    leaveStore(copy)
    rmSync(copy)
    const backing = backupSqlite(storeFileOf(server.dataDir), copy, () => {})
    await expect(backing).rejects.toThrow(/copy\.db-wal was left of another store/)
    rmSync(`${copy}-wal`)
    await backupSqlite(storeFileOf(server.dataDir), copy, () => {})
  })
})

describe('a restore', () => {
  it('puts the copy in place under a new epoch and keeps the old store', async () => {
    const kept = await createKey()
    const copy = join(directory, 'copy.db')
    await backupSqlite(storeFileOf(server.dataDir), copy, () => {})
    const target = join(directory, 'latchkey.db')
    await backupSqlite(storeFileOf(server.dataDir), target, () => {})
    const old = restoreSqlite(copy, target, '1')
    expect(old).toMatchObject({ kept: `${target}.before-restore-1`, forgotten: { revisions: 0, kinds: [] } })
    expect(keyIdsIn(target)).toContain(kept.id)
    expect(keyIdsIn(`${target}.before-restore-1`)).toContain(kept.id)
    const epochOf = (file: string) => {
      const database = new DatabaseSync(file, { readOnly: true })
      const row = database.prepare('SELECT epoch FROM head').get()
      database.close()
      return row?.epoch
    }
    expect(epochOf(target)).not.toBe(epochOf(copy))
  })

  it('refuses a file that is no backup of ours, and a store that is in use, and changes nothing', async () => {
    const copy = join(directory, 'copy.db')
    const file = storeFileOf(server.dataDir)
    writeFileSync(copy, 'not a database, but long enough to be looked at as one'.repeat(100))
    expect(() => restoreSqlite(copy, file, '1')).toThrow(StoreError)
    rmSync(copy)
    await backupSqlite(file, copy, () => {})
    const made = await createKey()
    expect(() => restoreSqlite(copy, file, '1')).toThrow('in use')
    expect((await server.call({ path: `/keys/${made.id}` })).status).toBe(200)
  })

  it('says which keys it brings back, and no key is accepted before the operator accepts the store', async () => {
    const revoked = await createKey()
    const copy = join(directory, 'copy.db')
    const file = storeFileOf(server.dataDir)
    await backupSqlite(file, copy, () => {})
    await server.call({ method: 'DELETE', path: `/keys/${revoked.id}` })
    const later = join(directory, 'latchkey.db')
    await backupSqlite(file, later, () => {})
    const forgotten = { revisions: 1, kinds: [{ kind: 'keyDeleted', count: 1, names: [revoked.id] }] }
    expect(restoreSqlite(copy, later, '1').forgotten).toEqual(forgotten)
    expect(findUnaccepted(later)).toEqual({ accepted: `${later}.before-restore-1`, forgotten })

    const { config, secretSource } = readConfig({ ...ENVIRONMENT, LATCHKEY_DATA_DIR: directory })
    const services = await createServices(config, secretSource)
    const app = createApp(services)
    const call = async (url: string) =>
      (await ask(app, { url, headers: { 'x-api-key': server.adminKey } })).json()
    try {
      expect(await call('/me')).toMatchObject({ status: 503, code: 'cannot_verify' })
      expect(await call('/readyz')).toMatchObject({ status: 503, code: 'unavailable' })
      await acceptRestored(services)
      expect(findUnaccepted(later)).toBeUndefined()
      expect(await call('/readyz')).toMatchObject({ status: 'ready' })
      expect((await call('/audit')).data[0]).toMatchObject({ action: 'store.accepted' })
    } finally {
      await app.close()
      await services.dispose()
    }
  })
})
