import { chownSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../../packages/server/test/free-port.ts'
import {
  type Cluster,
  connectTo,
  createCluster,
  createDatabase,
} from '../../packages/server/test/postgres-cluster.ts'
import { call } from '../calling.ts'
import { createHome, type Home } from '../running.ts'

const SECRET = 'a server secret that these servers were given'

let cluster: Cluster
let database: Awaited<ReturnType<typeof createDatabase>>
let homes: Home[]

beforeAll(async () => {
  cluster = await createCluster(['max_connections=200'])
})
afterAll(() => cluster.dispose())

beforeEach(async () => {
  homes = []
  database = await createDatabase(cluster.url)
})
afterEach(async () => {
  await Promise.all(homes.map((home) => home.dispose()))
  await database.drop()
})

function newHome(): Home {
  const home = createHome()
  homes.push(home)
  return home
}

const settingsFor = (url: string) => ({
  DATABASE_URL: url,
  LATCHKEY_SECRET: SECRET,
  LATCHKEY_LOG_LEVEL: 'error',
})

/** The database's address with something else in it. */
function urlWith(change: Partial<Pick<URL, 'port' | 'pathname' | 'username' | 'password'>>): string {
  return Object.assign(new URL(database.url), change).href
}

async function look(text: string): Promise<Record<string, unknown>[]> {
  const onlooker = await connectTo(database.url)
  try {
    return await onlooker.query(text)
  } finally {
    await onlooker.end()
  }
}

/** Files that hold a text. */
function holdersOf(directory: string, text: string): string[] {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((f) => f.isFile())
  const files = names.map(({ parentPath, name }) => join(parentPath, name))
  return files.filter((file) => readFileSync(file, 'latin1').includes(text))
}

/** A server that must not come up says why in one sentence, and that is all it says. */
async function expectRefused(settings: Readonly<Record<string, string>>, sentence: RegExp): Promise<void> {
  const running = newHome().start(['serve'], { settings })
  // One that does come up is killed, so that its exit code tells.
  running.printed(/Ctrl-C stops it/).then(
    () => running.stop('SIGKILL'),
    () => {},
  )
  const { exitCode, stdout, stderr } = await running.ended
  expect(stderr).toMatch(sentence)
  expect(stderr).toMatch(/^latchkey: [^\n]+\n$/)
  expect(stderr).not.toContain('wrong-password')
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).not.toContain(SECRET)
}

describe('servers that start on one empty database at the same time', () => {
  it('all serve, and one of them makes the operator and its key', async () => {
    const settings = settingsFor(database.url)
    const started = await Promise.all(Array.from({ length: 5 }, () => newHome().serve({ settings })))
    const keys = homes
      .map(({ dataDir }) => join(dataDir, 'admin.key'))
      .map((file) => (existsSync(file) ? readFileSync(file, 'utf8').trim() : ''))
      .filter((key) => key !== '')
    expect(keys).toHaveLength(1)
    const [key = ''] = keys
    for (const { url } of started) {
      const { body } = await call(url, { path: '/verify', key, body: { key } })
      expect(body).toMatchObject({ valid: true })
    }
    const counts = await look('SELECT (SELECT count(*) FROM companies) c, (SELECT count(*) FROM keys) k')
    expect(counts).toEqual([{ c: '1', k: '1' }])
  })
})

describe('a start is refused, with what to do in one sentence', () => {
  const prepare = async () => {
    const { exitCode, stderr } = await newHome().run(['bootstrap'], settingsFor(database.url))
    if (exitCode !== 0) throw new Error(stderr)
  }

  it('without a server secret', () =>
    expectRefused(
      { DATABASE_URL: database.url },
      /DATABASE_URL needs LATCHKEY_SECRET or LATCHKEY_SECRET_FILE/,
    ))

  it('with another server secret than the first', async () => {
    await prepare()
    const settings = { ...settingsFor(database.url), LATCHKEY_SECRET: `${SECRET}, or so they thought` }
    await expectRefused(settings, /The server secret is not the one this store was made with/)
  })

  it('when nothing listens there', async () => {
    const url = urlWith({ port: String(await freePort()) })
    await expectRefused(settingsFor(url), /127\.0\.0\.1:\d+.+ECONNREFUSED.+check DATABASE_URL/)
  })

  it('when there is no such database', () =>
    expectRefused(settingsFor(urlWith({ pathname: '/nowhere' })), /database "nowhere" does not exist/))

  it('when the password is wrong', async () => {
    const file = join(cluster.directory, 'pg_hba.conf')
    writeFileSync(file, `host all careful 127.0.0.1/32 scram-sha-256\n${readFileSync(file, 'utf8')}`)
    await look("SELECT pg_reload_conf(); CREATE ROLE careful LOGIN PASSWORD 'right'")
    const url = urlWith({ username: 'careful', password: 'wrong-password' })
    await expectRefused(settingsFor(url), /password authentication failed for user "careful"/)
    const found = await newHome().run(['doctor', '--json'], settingsFor(url))
    expect(found.stdout).toMatch(/password authentication failed for user/)
    // Neither the one that is wrong nor the one that is right.
    expect(homes.flatMap(({ directory }) => holdersOf(directory, 'wrong-password'))).toEqual([])
    expect(found.stdout + found.stderr).not.toMatch(/wrong-password|right'/)
    await look('DROP ROLE careful')
  })

  it("on another program's tables", async () => {
    await look('CREATE TABLE users (name TEXT)')
    await expectRefused(settingsFor(database.url), /holds tables of another program/)
    expect(await look("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).toHaveLength(1)
  })

  it('while a transaction that was left open keeps its tables locked', async () => {
    await prepare()
    const onlooker = await connectTo(database.url)
    await onlooker.query('BEGIN; LOCK TABLE migrations')
    await expectRefused(settingsFor(database.url), /lock timeout.+pg_stat_activity shows it/)
    await onlooker.end()
  })

  it('on a database of a newer release', async () => {
    await prepare()
    await look("INSERT INTO migrations VALUES ('9999-from-the-future', 0)")
    await expectRefused(settingsFor(database.url), /a newer release.+9999-from-the-future/)
  })

  it.each(['fsync', 'full_page_writes'])(
    'by a server that may lose what it acknowledged (%s)',
    async (name) => {
      await look(`ALTER SYSTEM SET ${name} = off`)
      await look('SELECT pg_reload_conf()')
      await expectRefused(settingsFor(database.url), /may lose what it has acknowledged/)
      await look(`ALTER SYSTEM RESET ${name}`)
      await look('SELECT pg_reload_conf()')
    },
  )

  it('by a standby', async () => {
    await prepare()
    const signal = join(cluster.directory, 'standby.signal')
    await cluster.stop()
    writeFileSync(signal, '')
    const { uid, gid } = statSync(cluster.directory)
    chownSync(signal, uid, gid)
    await cluster.start()
    expect(await look('SELECT pg_is_in_recovery() AS standby')).toEqual([{ standby: true }])
    await expectRefused(settingsFor(database.url), /leads to a standby: let it name the primary/)
    await cluster.stop()
    rmSync(signal)
    await cluster.start()
    // It is what it was, and nothing has to be accepted.
    const { url } = await newHome().serve({ settings: settingsFor(database.url) })
    expect((await call(url, { path: '/readyz', key: 'none' })).status).toBe(200)
  })
})

describe('a role that may not create tables', () => {
  const GRANTS = `
    CREATE ROLE clerk LOGIN;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk;
    REVOKE UPDATE, DELETE, TRUNCATE ON audit_events FROM clerk;
    REVOKE INSERT, UPDATE, DELETE ON migrations FROM clerk`

  it('runs the service on a database that was migrated', async () => {
    const migrated = await newHome().run(['migrate'], settingsFor(database.url))
    expect(migrated).toMatchObject({ exitCode: 0, stderr: '' })
    await look(GRANTS)
    const settings = settingsFor(urlWith({ username: 'clerk' }))
    const home = newHome()
    const { url, stop } = await home.serve({ settings })
    const key = home.adminKey()
    const { userId } = (await call(url, { path: '/me', key })).body
    const made = await call(url, { path: '/keys', key, body: { userId } })
    expect(made.status).toBe(201)
    const verify = async () =>
      (await call(url, { path: '/verify', key, body: { key: made.body.key } })).body.code
    expect(await verify()).toBe('VALID')
    const { status } = await call(url, { method: 'DELETE', path: `/keys/${made.body.id}`, key })
    expect([status, await verify()]).toEqual([204, 'INACTIVE'])
    expect((await home.run(['audit', 'verify'], settings)).stdout).toMatch(/every chain holds\.\n$/)
    expect((await stop()).exitCode).toBe(0)
    await look('DROP OWNED BY clerk; DROP ROLE clerk')
  })
})
