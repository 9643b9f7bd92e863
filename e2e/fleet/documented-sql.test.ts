/** What the page about fleets tells to say to PostgreSQL, said to one. */
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Cluster, connectTo, createCluster } from '../../packages/server/test/postgres-cluster.ts'
import { call } from '../calling.ts'
import { blocksOf } from '../pages/page.ts'
import { createHome, type Home } from '../running.ts'
import { until } from './rounds.ts'

const SECRET = randomBytes(32).toString('hex')

let cluster: Cluster
let home: Home
/** Of an owner of the operator. */
let key: string
let userId: string

/** A database of its own, its tables made by their owner, and a role that may do less. */
beforeAll(async () => {
  cluster = await createCluster()
  const [setUp, lesser] = blocksOf('docs/operate/fleet.md').filter(({ language }) => language === 'sql')
  await say(cluster.url, setUp!.text)
  const first = createHome()
  expect(await first.run(['migrate'], settingsOf('latchkey'))).toMatchObject({ exitCode: 0 })
  await say(urlOf('postgres'), lesser!.text)
  const made = await first.run(['bootstrap', '--json'], settingsOf('latchkey_app'))
  ;({ key, userId } = JSON.parse(made.stdout))
  await first.dispose()
})
afterAll(() => cluster?.dispose())
beforeEach(() => {
  home = createHome()
})
afterEach(() => home.dispose())

const urlOf = (user: string) => `postgres://${user}@127.0.0.1:${cluster.port}/latchkey`
const settingsOf = (user: string) => ({ DATABASE_URL: urlOf(user), LATCHKEY_SECRET: SECRET })

/** Each statement by itself: a database is not made inside a transaction. */
async function say(url: string, block: string): Promise<void> {
  const connection = await connectTo(url)
  for (const statement of block.split(';').map((part) => part.trim())) {
    if (statement !== '') await connection.query(statement)
  }
  await connection.end()
}

it('served by a role that cannot change what was', async () => {
  const { url } = await home.serve({ settings: settingsOf('latchkey_app') })
  const made = await call(url, { method: 'POST', path: '/keys', key, body: { userId } })
  expect(made.status).toBe(201)
  expect((await call(url, { method: 'DELETE', path: `/keys/${made.body.id}`, key })).status).toBe(204)
  expect((await call(url, { path: '/audit', key })).body.total).toBeGreaterThan(2)
  const served = await connectTo(urlOf('latchkey_app'))
  for (const change of [
    'DELETE FROM audit_events',
    "UPDATE audit_events SET action = 'x'",
    'TRUNCATE audit_events',
  ]) {
    await expect(served.query(change)).rejects.toThrow(/permission denied/)
  }
  await served.end()
})

describe('a right that is taken away from that role', () => {
  const GRANT = /GRANT and REVOKE of docs\/operate\/fleet\.md/
  const settings = () => settingsOf('latchkey_app')
  const doctor = () => home.run(['doctor'], settings())
  const createKey = () => home.run(['keys', 'create', '--user', userId], settings())

  it('is named by the service, the commands and doctor, with what to do', async () => {
    expect((await createKey()).exitCode).toBe(0)
    expect((await doctor()).stdout).not.toMatch(/rights/)
    await say(urlOf('postgres'), 'REVOKE INSERT, UPDATE ON keys FROM latchkey_app')
    const { exitCode, stderr } = await createKey()
    expect(stderr).toMatch(/permission denied for table keys/)
    expect(stderr).toMatch(GRANT)
    expect(exitCode).toBe(1)
    const found = await doctor()
    expect(found.stdout).toMatch(/^problem +rights .*INSERT, UPDATE on keys\./m)
    expect(found.stdout).toMatch(GRANT)
    await say(urlOf('postgres'), 'GRANT INSERT, UPDATE ON keys TO latchkey_app')
    expect((await createKey()).exitCode).toBe(0)
  })

  it('while the service runs, refuses those who call, who learn nothing of it, and is in the log', async () => {
    const server = await home.serve({ settings: settings() })
    await say(urlOf('postgres'), 'REVOKE SELECT ON audit_events FROM latchkey_app')
    const refused = await call(server.url, { path: '/audit', key })
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    expect(String(refused.body.detail)).not.toMatch(/audit_events|latchkey_app|GRANT/)
    expect(server.stderr()).toMatch(/permission denied for table audit_events/)
    expect(server.stderr()).toMatch(GRANT)
    expect((await doctor()).stdout).toMatch(/^problem +rights .*SELECT on audit_events\./m)
    await say(urlOf('postgres'), 'GRANT SELECT ON audit_events TO latchkey_app')
    expect((await call(server.url, { path: '/audit', key })).status).toBe(200)
  })

  it('while the service runs, of any table, makes it not ready, and the log names table and right', async () => {
    const server = await home.serve({ settings: settings() })
    const readiness = async () => (await fetch(`${server.url}/readyz`)).status
    expect(await readiness()).toBe(200)
    await say(urlOf('postgres'), 'REVOKE INSERT ON idempotency FROM latchkey_app')
    await until(503, readiness)
    const { detail } = (await call(server.url, { path: '/readyz', key })).body
    expect(String(detail)).toMatch(/right/)
    expect(String(detail)).not.toMatch(/idempotency|latchkey_app|GRANT/)
    expect(server.stderr()).toMatch(/INSERT on idempotency/)
    expect(server.stderr()).toMatch(GRANT)
    await say(urlOf('postgres'), 'GRANT INSERT ON idempotency TO latchkey_app')
    await until(200, readiness)
  })

  it('before the start, is said by it', async () => {
    await say(urlOf('postgres'), 'REVOKE DELETE ON sessions FROM latchkey_app')
    const server = await home.serve({ settings: settings() })
    expect(server.stderr()).toMatch(/"event":"started_unready"/)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
    await say(urlOf('postgres'), 'GRANT DELETE ON sessions TO latchkey_app')
    await until(200, async () => (await fetch(`${server.url}/readyz`)).status)
  })
})

it('before a new release, doctor sends that role to the owner, who may make the tables', async () => {
  const schemaOf = async (user: string) =>
    /^.*schema .*$/m.exec((await home.run(['doctor'], settingsOf(user))).stdout)?.[0]
  const LAST = '0019-invitation-makers'
  const { applied_at: appliedAt } = (await ask(
    `DELETE FROM migrations WHERE name = '${LAST}' RETURNING applied_at`,
  ))!
  expect(await schemaOf('latchkey_app')).toMatch(
    /^problem .*not applied yet, .*latchkey migrate as the owner/,
  )
  expect(await schemaOf('latchkey')).toMatch(/^ok .*not applied yet; the next start does it/)
  await ask(`INSERT INTO migrations VALUES ('${LAST}', ${appliedAt})`)
  expect(await schemaOf('latchkey_app')).toMatch(/^ok /)
})

async function ask(text: string): Promise<Record<string, unknown> | undefined> {
  const connection = await connectTo(urlOf('postgres'))
  const [row] = await connection.query(text)
  await connection.end()
  return row
}
