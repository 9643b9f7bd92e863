import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { createHome, type Home } from './running.ts'

type Check = {
  readonly check: string
  readonly level: string
  readonly detail: string
  readonly remedy?: string
}

let home: Home
let dataDir: string

beforeEach(() => {
  home = createHome()
  dataDir = home.dataDir
})

afterEach(() => home.dispose())

/** A store that a service made and closed in order. */
async function makeStore(): Promise<void> {
  const { exitCode, stderr } = await home.run(['bootstrap'])
  if (exitCode !== 0) throw new Error(stderr)
}

async function examine(settings: Readonly<Record<string, string>> = {}) {
  const { exitCode, stdout } = await home.run(['doctor', '--json'], settings)
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] }
  return {
    exitCode,
    ok,
    checks,
    of: (name: string) => checks.find(({ check }) => check === name),
    bad: checks.filter(({ level }) => level !== 'ok').map(({ check, level }) => `${check} ${level}`),
  }
}

/** Every file of the data directory, by name, with its contents' hash. */
function contents(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(dataDir).map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(dataDir, name)))
        .digest('hex'),
    ]),
  )
}

describe('latchkey doctor', () => {
  it('finds nothing wrong with a healthy store, and leaves every byte as it was', async () => {
    await makeStore()
    const before = contents()
    const found = await examine()
    expect(found.bad).toEqual([])
    expect(found).toMatchObject({ exitCode: 0, ok: true })
    expect(found.checks.map(({ check }) => check)).toEqual([
      'clock',
      'data-directory',
      'server-secret',
      'database',
      'schema',
      'objects',
      'integrity',
      'counters',
      'usage',
      'proxies',
      'metrics',
      'port',
      'disk',
    ])
    expect(contents()).toEqual(before)
  })

  it('prints a line for each check, without colours when nobody is at a terminal', async () => {
    await makeStore()
    const { exitCode, stdout } = await home.run(['doctor'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^ok {7}clock {11}\S+Z, not before anything stored$/m)
    expect(stdout).toMatch(/^ok {7}database .*write-ahead log, synchronous FULL$/m)
    expect(stdout).toMatch(/^All is well\.$/m)
    expect(stdout).not.toContain('\u001b')
  })

  it('reports a store that is not made yet as fine, and does not make it', async () => {
    const found = await examine()
    expect(found).toMatchObject({ exitCode: 0, ok: true, bad: [] })
    expect(found.of('database')?.detail).toContain(`there is none at ${join(dataDir, 'latchkey.db')} yet`)
    expect(found.of('server-secret')?.detail).toContain('not made yet')
    expect(readdirSync(home.directory)).toEqual([])
  })

  it('works while the service runs, knows it, and says under which address it is seen', async () => {
    const { port } = new URL((await home.serve()).url)
    const found = await examine({ PORT: port, LATCHKEY_TRUSTED_PROXIES: '127.0.0.0/8' })
    expect(found.bad).toEqual([])
    expect(found.of('port')?.detail).toBe(`Latchkey answers on 127.0.0.1:${port}`)
    expect(found.of('proxies')?.detail).toContain('127.0.0.0 to 127.255.255.255')
    expect(found.of('proxies')?.detail).toContain('arrives from 127.0.0.1: trusted')
  })

  it('reads a store whose service was killed', async () => {
    const service = await home.serve()
    await service.stop('SIGKILL')
    const found = await examine({ PORT: new URL(service.url).port })
    expect(found.bad).toEqual([])
    expect(found.of('port')?.detail).toContain('is free')
  })

  it('sends whoever lost the index of the log to the service, which makes it again, and not to a backup', async () => {
    const service = await home.serve()
    await service.stop('SIGKILL')
    rmSync(join(dataDir, 'latchkey.db-shm'))
    const before = contents()
    const found = await examine()
    expect(found.of('database')).toMatchObject({ level: 'problem', detail: expect.stringMatching(/-shm/) })
    expect(found.of('database')?.remedy).toMatch(/start the service/)
    expect(found.of('database')?.remedy).not.toMatch(/restore|backup/i)
    expect(contents()).toEqual(before)
    await (await home.serve()).stop('SIGINT')
    expect((await examine()).bad).toEqual([])
  })

  it('says how far use is counted, and warns when that is not as far as keys were used', async () => {
    await (await home.serve()).stop()
    expect((await examine()).of('usage')?.detail).toBe('nothing is counted yet; kept by day for 400 days')
    const service = await home.serve()
    const { status } = await fetch(`${service.url}/me`, { headers: { 'X-API-KEY': home.adminKey() } })
    expect(status).toBe(200)
    await service.stop()
    expect((await examine({ LATCHKEY_USAGE_DAYS: '31' })).of('usage')).toMatchObject({
      level: 'ok',
      detail: expect.stringMatching(/^counted up to \S+Z, from \d{4}-\d\d-\d\d on; kept by day for 31 days$/),
    })
    const database = new DatabaseSync(join(dataDir, 'latchkey.db'))
    database.exec('UPDATE usage_reports SET at = at - 301000')
    database.close()
    expect((await examine()).of('usage')).toMatchObject({
      level: 'warning',
      detail: expect.stringContaining('is counted up to'),
      remedy: expect.stringContaining('usage_lost'),
    })
  })

  it('names a directory and a secret that others can read, with the command that mends each', async () => {
    await makeStore()
    chmodSync(dataDir, 0o755)
    chmodSync(join(dataDir, 'server.secret'), 0o644)
    const found = await examine()
    expect(found).toMatchObject({ exitCode: 1, ok: false })
    expect(found.bad).toEqual(['data-directory problem', 'server-secret problem'])
    expect(found.of('data-directory')).toMatchObject({ remedy: `chmod 700 '${dataDir}'` })
    expect(found.of('server-secret')?.remedy).toBe(`chmod 600 '${join(dataDir, 'server.secret')}'`)
  })

  it('names quotes around a server secret that no store was made with', async () => {
    const found = await examine({ LATCHKEY_SECRET: `"${'0123456789abcdefghij'.repeat(2)}"` })
    expect(found).toMatchObject({ exitCode: 1, bad: ['server-secret problem'] })
    expect(found.of('server-secret')?.detail).toMatch(/has quotes around it/)
  })

  it('warns of a secret that the group of its volume can read, with which the service starts', async () => {
    await makeStore()
    const file = join(dataDir, 'server.secret')
    for (const mode of [0o660, 0o640]) {
      chmodSync(file, mode)
      const found = await examine()
      expect(found).toMatchObject({ exitCode: 0, bad: ['server-secret warning'] })
      expect(found.of('server-secret')?.detail).toMatch(/: its group can read it\.$/)
    }
    await (await home.serve()).stop('SIGINT')
  })

  it('names a server secret that is not the one of the store', async () => {
    await makeStore()
    const found = await examine({ LATCHKEY_SECRET: 'another secret that is long enough to be taken' })
    expect(found).toMatchObject({ exitCode: 1, bad: ['server-secret problem'] })
    expect(found.of('server-secret')?.detail).toContain('is not the one this store was made with')
  })

  it('names a missing server secret, and does not make another', async () => {
    await makeStore()
    rmSync(join(dataDir, 'server.secret'))
    const found = await examine()
    expect(found).toMatchObject({ exitCode: 1, bad: ['server-secret problem'] })
    expect(readdirSync(dataDir)).toEqual(['latchkey.db'])
  })

  it('names a file that is no database', async () => {
    await makeStore()
    writeFileSync(join(dataDir, 'latchkey.db'), 'not a database'.repeat(1_000))
    const found = await examine()
    expect(found).toMatchObject({ exitCode: 1, bad: ['database problem'] })
    expect(found.of('database')?.remedy).toContain('Restore a backup')
  })

  it('names a database with a damaged page', async () => {
    await makeStore()
    const file = join(dataDir, 'latchkey.db')
    const database = new DatabaseSync(file)
    const index = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'keys_by_user'").get()
    const page = database.prepare('PRAGMA page_size').get()
    database.close()
    const descriptor = openSync(file, 'r+')
    writeSync(
      descriptor,
      Buffer.alloc(16, 0xa5),
      0,
      16,
      (Number(index?.rootpage) - 1) * Number(page?.page_size),
    )
    closeSync(descriptor)
    const found = await examine()
    expect(found).toMatchObject({ exitCode: 1, bad: ['integrity problem'] })
    expect(found.of('integrity')?.detail).toContain('is damaged: ')
  })

  it('names a counter that differs from its rows', async () => {
    await makeStore()
    const database = new DatabaseSync(join(dataDir, 'latchkey.db'))
    database.exec('UPDATE companies SET keys_active = 7')
    database.close()
    const found = await examine()
    expect(found).toMatchObject({ exitCode: 1, bad: ['counters problem'] })
    expect(found.of('counters')?.detail).toMatch(/^companies cmp_\w+: keys_active is 7, rows 1$/)
  })

  it('names a clock that is behind what the store has seen', async () => {
    await makeStore()
    const database = new DatabaseSync(join(dataDir, 'latchkey.db'))
    const inAnHour = Date.now() + 60 * 60 * 1_000
    database.prepare('UPDATE companies SET updated_at = ?').run(inAnHour)
    database.close()
    const found = await examine()
    expect(found).toMatchObject({ exitCode: 1, bad: ['clock problem'] })
    // Nobody is to set a clock that is right.
    expect(found.of('clock')?.remedy).toMatch(/If it is right, it was ahead when that was stored/)
  })

  it('counts the keys that a changed prefix refuses, as the start says it', async () => {
    await makeStore()
    const changed = { LATCHKEY_KEY_PREFIX: 'acme' }
    expect((await examine()).of('key-prefix')).toBeUndefined()
    const found = await examine(changed)
    expect(found).toMatchObject({ exitCode: 1, bad: ['key-prefix problem'] })
    expect(found.of('key-prefix')?.detail).toMatch(/^1 active key begins with lk_live_, .* is acme: refused/)
    const service = await home.serve({ settings: changed })
    expect(service.stderr()).toMatch(
      /"made":"lk_live_","set":"acme_","event":"key_prefix_changed".*keys rotate/,
    )
    await service.stop()
    expect((await home.serve()).stderr()).not.toContain('key_prefix_changed')
  })

  it('warns of those only that have no new secret yet', async () => {
    const made = await home.run(['bootstrap', '--json'])
    const { keyId, userId } = JSON.parse(made.stdout)
    const changed = { LATCHKEY_KEY_PREFIX: 'acme' }
    expect((await home.run(['keys', 'create', '--user', userId], changed)).exitCode).toBe(0)
    expect((await examine(changed)).bad).toEqual(['key-prefix warning'])
    expect((await home.run(['keys', 'rotate', keyId], changed)).exitCode).toBe(0)
    expect((await examine(changed)).bad).toEqual([])
  })

  it('names a store of a newer release', async () => {
    await makeStore()
    const database = new DatabaseSync(join(dataDir, 'latchkey.db'))
    database.exec("INSERT INTO migrations (name, applied_at) VALUES ('9999-later', 0)")
    database.close()
    expect(await examine()).toMatchObject({ exitCode: 1, bad: ['schema problem'] })
  })

  test.each([
    [
      'trigger',
      'CREATE TRIGGER slip AFTER INSERT ON keys BEGIN SELECT 1; END',
      'problem',
      'DROP TRIGGER "slip";',
    ],
    ['table', 'CREATE TABLE ballast (bytes BLOB) STRICT', 'warning', 'DROP TABLE "ballast";'],
    ['view', 'CREATE VIEW active AS SELECT id FROM keys', 'warning', 'DROP VIEW "active";'],
    ['index', 'CREATE INDEX "a""b" ON keys (last_four)', 'warning', 'DROP INDEX "a""b";'],
  ])('names a %s that is not of this release, and how to remove it', async (type, sql, level, remedy) => {
    await makeStore()
    const database = new DatabaseSync(join(dataDir, 'latchkey.db'))
    database.exec(sql)
    database.close()
    const found = await examine()
    expect(found).toMatchObject({ exitCode: level === 'problem' ? 1 : 0, bad: [`objects ${level}`] })
    expect(found.of('objects')?.detail).toContain(`Not made by this release: ${type} "`)
    expect(found.of('objects')?.remedy).toContain(remedy)
    const mended = new DatabaseSync(join(dataDir, 'latchkey.db'))
    mended.exec(remedy)
    mended.close()
    expect((await examine()).bad).toEqual([])
  })

  it('names a table of ours that was changed', async () => {
    await makeStore()
    const database = new DatabaseSync(join(dataDir, 'latchkey.db'))
    database.exec('ALTER TABLE companies ADD COLUMN note TEXT')
    database.close()
    const found = await examine()
    expect(found.bad).toEqual(['objects problem'])
    expect(found.of('objects')?.detail).toContain('table "companies" (changed)')
  })

  it('names a port that another program holds', async () => {
    const other = createServer((socket) => socket.end('220 hello\r\n'))
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const found = await examine({ PORT: String(port) })
    other.close()
    expect(found).toMatchObject({ exitCode: 1, bad: ['port problem'] })
  })

  it('names a trust that lets every client choose its address', async () => {
    const found = await examine({ LATCHKEY_TRUSTED_PROXIES: '0.0.0.0/0' })
    expect(found).toMatchObject({ exitCode: 1, bad: ['proxies problem'] })
  })

  it('warns of figures that everybody may read, however that is written', async () => {
    for (const everybody of ['0.0.0.0/0,::/0', '::/0', '0.0.0.0/1,128.0.0.0/1']) {
      const found = await examine({ LATCHKEY_METRICS_FROM: everybody })
      expect(found).toMatchObject({ exitCode: 0, ok: true, bad: ['metrics warning'] })
      expect(found.of('metrics')).toMatchObject({ remedy: expect.stringContaining('LATCHKEY_METRICS_FROM') })
    }
    expect((await examine({ LATCHKEY_METRICS_FROM: '10.0.0.0/8' })).bad).toEqual([])
  })

  it('warns of a public https address without a trusted proxy, which is no problem yet', async () => {
    const found = await examine({ LATCHKEY_PUBLIC_URL: 'https://keys.example.com' })
    expect(found).toMatchObject({ exitCode: 0, ok: true, bad: ['proxies warning'] })
  })

  it('reads the file of outside issuers as the start does', async () => {
    const file = join(home.directory, 'issuers.json')
    const found = () => examine({ LATCHKEY_ISSUERS_FILE: file })
    const start = () => home.run(['serve'], { LATCHKEY_ISSUERS_FILE: file })
    expect((await found()).of('issuers')).toMatchObject({
      level: 'problem',
      detail: expect.stringMatching(/ENOENT/),
    })
    const issuer = {
      issuer: 'https://sso.example.com',
      audience: 'latchkey',
      algorithms: ['ES256'],
      jwksUrl: 'https://sso.example.com/keys',
      companies: ['org_1'],
      user: { claim: 'sub' },
    }
    writeFileSync(file, JSON.stringify([{ ...issuer, algorithms: ['HS256'] }]))
    const { exitCode, bad, of } = await found()
    expect({ exitCode, bad }).toEqual({ exitCode: 1, bad: ['issuers problem'] })
    expect((await start()).stderr).toContain(of('issuers')!.detail)
    writeFileSync(file, JSON.stringify([issuer]))
    expect((await found()).of('issuers')).toMatchObject({
      level: 'ok',
      detail: expect.stringContaining(issuer.issuer),
    })
  })

  it('reports a setting that would stop the start', async () => {
    const found = await examine({ LATCHKEY_TRUSTED_PROXY: '10.0.0.0/8' })
    expect(found).toMatchObject({ exitCode: 1, bad: ['settings problem'] })
    expect(found.of('settings')?.detail).toContain('did you mean LATCHKEY_TRUSTED_PROXIES?')
  })
})
