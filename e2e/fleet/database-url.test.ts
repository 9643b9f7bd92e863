import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
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
/** Where the database server has a Unix socket. */
let sockets: string
let database: Awaited<ReturnType<typeof createDatabase>>
let home: Home

beforeAll(async () => {
  sockets = mkdtempSync(join(tmpdir(), 'pg-'))
  // The server may run as another user than this test.
  chmodSync(sockets, 0o777)
  cluster = await createCluster(['max_connections=100', `unix_socket_directories=${sockets}`])
})
afterAll(async () => {
  await cluster.dispose()
  rmSync(sockets, { recursive: true, force: true })
})

beforeEach(async () => {
  home = createHome()
  database = await createDatabase(cluster.url)
})
afterEach(async () => {
  await home.dispose()
  await database.drop()
})

const settingsFor = (url: string) => ({
  DATABASE_URL: url,
  LATCHKEY_SECRET: SECRET,
  LATCHKEY_LOG_LEVEL: 'error',
})

const nameOf = (url: string) => new URL(url).pathname.slice(1)

async function look(text: string): Promise<Record<string, unknown>[]> {
  const onlooker = await connectTo(database.url)
  try {
    return await onlooker.query(text)
  } finally {
    await onlooker.end()
  }
}

type Check = { readonly check: string; readonly level: string; readonly detail: string }

async function checksWith(settings: Readonly<Record<string, string>>): Promise<readonly Check[]> {
  const { stdout } = await home.run(['doctor', '--json'], settings)
  return (JSON.parse(stdout) as { checks: Check[] }).checks
}

/** It serves: a key can be made and verified. */
async function expectService(settings: Readonly<Record<string, string>>): Promise<void> {
  const { url, stop } = await home.serve({ settings })
  const key = home.adminKey()
  const { userId } = (await call(url, { path: '/me', key })).body
  const made = await call(url, { path: '/keys', key, body: { userId } })
  const { body } = await call(url, { path: '/verify', key, body: { key: made.body.key } })
  expect([made.status, body.code]).toEqual([201, 'VALID'])
  expect((await call(url, { path: '/readyz', key })).status).toBe(200)
  expect((await stop()).exitCode).toBe(0)
}

describe('a password in DATABASE_URL is printed by nothing, whatever is in it', () => {
  const PLACE = '@127.0.0.1:1/latchkey'
  it.each([
    ['a slash', `postgres://latchkey:/OPENZESAM${PLACE}`, /an @ behind the host.+%2F/],
    ['a question mark', `postgres://latchkey:OPEN?ZESAM${PLACE}`, /an @ behind the host.+%3F/],
    ['a hash sign', `postgres://latchkey:OPEN#ZESAM${PLACE}`, /holds a #.+%23/],
    ['a percent sign', `postgres://latchkey:OPEN%ZESAM${PLACE}`, /a % in the password.+%25/],
    ['a space', `postgres://latchkey:OPEN ZESAM${PLACE}`, /holds a space.+%20/],
    ['no host behind it', 'postgres://latchkey:OPENZESAM/latchkey', /a port that is no number/],
    ['quotation marks around all', `"postgres://latchkey:OPENZESAM${PLACE}"`, /quotation mark/],
    ['another scheme', `postgre://latchkey:OPENZESAM${PLACE}`, /must begin with postgres:\/\//],
    [
      'a server that is not there',
      `postgres://latchkey:OPENZESAM${PLACE}`,
      /ECONNREFUSED.+check DATABASE_URL/,
    ],
    ['an unknown parameter', `postgres://latchkey:OPENZESAM${PLACE}?sslmod=require`, /did you mean sslmode/],
  ])('(%s)', async (_what, url, sentence) => {
    const { exitCode, stdout, stderr } = await home.run(['serve'], settingsFor(url))
    expect(stderr).toMatch(sentence)
    expect(stderr).toMatch(/^latchkey: [^\n]+\n$/)
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    const checks = await checksWith(settingsFor(url))
    expect(JSON.stringify(checks)).toMatch(sentence)
    for (const text of [stderr, JSON.stringify(checks)]) expect(text).not.toMatch(/OPEN|ZESAM/)
  })
})

describe('a database is reached', () => {
  it('by a Unix socket', async () => {
    const name = nameOf(database.url)
    await expectService(settingsFor(`postgres://postgres@:${cluster.port}/${name}?host=${sockets}`))
  })

  it('by the first of several hosts that answers', async () => {
    const hosts = `127.0.0.1:${await freePort()},127.0.0.1:${cluster.port}`
    await expectService(
      settingsFor(`postgres://postgres@${hosts}/${nameOf(database.url)}?target_session_attrs=read-write`),
    )
  })

  it('with what libpq and providers put into URLs, and with what it asks for', async () => {
    await look('CREATE SCHEMA apart')
    const said = [
      'sslmode=disable&channel_binding=prefer&gssencmode=disable&keepalives_idle=30&pgbouncer=true',
      'application_name=keys-eu&connect_timeout=3&options=-c%20search_path%3Dapart',
    ]
    const settings = settingsFor(`${database.url}?${said.join('&')}`)
    const { stop } = await home.serve({ settings })
    const connections = await look(
      `SELECT DISTINCT application_name FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'keys-eu %' ORDER BY 1`,
    )
    expect(connections.map(({ application_name }) => application_name)).toContain('keys-eu follower')
    expect(await look("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).toEqual([{ count: '0' }])
    expect(await look('SELECT count(*) FROM apart.keys')).toEqual([{ count: '1' }])
    await stop()
  })
})

describe('a database server that does not keep what it acknowledges by itself', () => {
  const turnOff = async (...names: readonly string[]) => {
    for (const name of names) await look(`ALTER SYSTEM SET ${name} = off`)
    await look('SELECT pg_reload_conf()')
  }
  afterEach(async () => {
    await look('ALTER SYSTEM RESET ALL')
    await look('SELECT pg_reload_conf()')
  })
  const accepting = (names: string) => ({
    ...settingsFor(database.url),
    LATCHKEY_DATABASE_ACCEPT_OFF: names,
  })

  it('is used when each of the settings that is off was accepted by name, and doctor names them', async () => {
    await turnOff('full_page_writes', 'fsync')
    const some = await home.run(['serve'], accepting('full_page_writes'))
    expect(some.stderr).toMatch(/set fsync to on, or, .+LATCHKEY_DATABASE_ACCEPT_OFF=fsync/)
    expect(some.exitCode).toBe(1)
    const [refused] = (await checksWith(accepting('fsync'))).filter(({ check }) => check === 'database')
    expect(refused).toMatchObject({ level: 'problem', detail: expect.stringContaining('full_page_writes') })
    await expectService(accepting('full_page_writes, fsync'))
    const [found] = (await checksWith(accepting('fsync,full_page_writes'))).filter(
      ({ check }) => check === 'database',
    )
    expect(found).toMatchObject({ level: 'ok' })
    expect(found?.detail).toMatch(/fsync and full_page_writes off, accepted by LATCHKEY_DATABASE_ACCEPT_OFF/)
  })

  it('is no different for a server that is sound: what is accepted is not asked for', async () => {
    await expectService(accepting('fsync'))
    const [found] = (await checksWith(accepting('fsync'))).filter(({ check }) => check === 'database')
    expect(found?.detail).toMatch(/a primary, durable$/)
  })

  it('cannot be accepted with what the service sets itself, or a word nobody knows', async () => {
    for (const name of ['synchronous_commit', 'all', 'full-page-writes']) {
      const { exitCode, stderr } = await home.run(['serve'], accepting(name))
      expect(stderr).toMatch(/LATCHKEY_DATABASE_ACCEPT_OFF may name fsync, full_page_writes/)
      expect(exitCode).toBe(1)
    }
  })

  it('is used when only others are answered before their changes are kept', async () => {
    await turnOff('synchronous_commit')
    await expectService(settingsFor(database.url))
  })
})

describe('a start is refused, with what to do in one sentence', () => {
  const refusedBy = async (url: string) => {
    const { exitCode, stderr } = await home.run(['serve'], settingsFor(url))
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/^latchkey: [^\n]+\n$/),
    })
    return stderr
  }

  it('by a database that takes no writes', async () => {
    await look(`ALTER DATABASE ${nameOf(database.url)} SET default_transaction_read_only = on`)
    expect(await refusedBy(database.url)).toMatch(/takes no writes .+disk is full/)
  })

  it('by a database that does not tell its place in the log of changes', async () => {
    await look('REVOKE EXECUTE ON FUNCTION pg_walfile_name FROM PUBLIC; CREATE ROLE clerk LOGIN')
    const url = Object.assign(new URL(database.url), { username: 'clerk' }).href
    expect(await refusedBy(url)).toMatch(
      /does not tell its place .+permission denied .+rds\.logical_replication/,
    )
    await look('DROP ROLE clerk')
  })

  it('by a server that speaks no TLS where it is asked for', async () => {
    expect(await refusedBy(`${database.url}?sslmode=require`)).toMatch(
      /does not support SSL.+add sslmode=disable/,
    )
  })
})
