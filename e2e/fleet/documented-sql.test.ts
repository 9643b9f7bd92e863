/** What the page about fleets tells to say to PostgreSQL, said to one. */
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Cluster, connectTo, createCluster } from '../../packages/server/test/postgres-cluster.ts'
import { call } from '../calling.ts'
import { blocksOf } from '../pages/page.ts'
import { createHome, type Home } from '../running.ts'

const SECRET = randomBytes(32).toString('hex')

let cluster: Cluster
let home: Home

beforeAll(async () => {
  cluster = await createCluster()
})
afterAll(() => cluster?.dispose())
beforeEach(() => {
  home = createHome()
})
afterEach(() => home.dispose())

const urlOf = (user: string) => `postgres://${user}@127.0.0.1:${cluster.port}/latchkey`

/** Each statement by itself: a database is not made inside a transaction. */
async function say(url: string, block: string): Promise<void> {
  const connection = await connectTo(url)
  for (const statement of block.split(';').map((part) => part.trim())) {
    if (statement !== '') await connection.query(statement)
  }
  await connection.end()
}

it('a database of its own, its tables made by their owner, and served by a role that cannot change what was', async () => {
  const [setUp, lesser] = blocksOf('docs/operate/fleet.md').filter(({ language }) => language === 'sql')
  await say(cluster.url, setUp!.text)
  const settings = (user: string) => ({ DATABASE_URL: urlOf(user), LATCHKEY_SECRET: SECRET })
  expect(await home.run(['migrate'], settings('latchkey'))).toMatchObject({ exitCode: 0 })
  await say(urlOf('postgres'), lesser!.text)

  const { url } = await home.serve({ settings: settings('latchkey_app') })
  const key = home.adminKey()
  const { userId } = (await call(url, { path: '/me', key })).body
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
