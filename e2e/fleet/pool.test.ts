import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { memoryDisk } from '../../packages/server/test/memory-disk.ts'
import {
  type Cluster,
  connectTo,
  createCluster,
  type Onlooker,
} from '../../packages/server/test/postgres-cluster.ts'
import type { Answer } from '../calling.ts'
import { findDamage } from './damage.ts'
import { createFleet, type Fleet, type FleetServer } from './fleet.ts'
import { createRecorder, type Issued, type Recorder } from './revocations.ts'
import { issueEverywhere, until } from './rounds.ts'

let cluster: Cluster
let fleet: Fleet
let server: FleetServer
let recorder: Recorder
let key: Issued
let foreign: Onlooker

/** A role that is no superuser, so that limits count for it. */
async function urlOfClerk(databaseUrl: string): Promise<string> {
  const onlooker = await connectTo(databaseUrl)
  await onlooker.query('DROP ROLE IF EXISTS clerk')
  await onlooker.query('CREATE ROLE clerk LOGIN')
  await onlooker.query('GRANT ALL ON SCHEMA public TO clerk')
  await onlooker.end()
  return Object.assign(new URL(databaseUrl), { username: 'clerk' }).href
}

beforeAll(async () => {
  cluster = await createCluster([], memoryDisk())
  fleet = await createFleet(cluster, 1, async (_, databaseUrl) => ({
    DATABASE_URL: await urlOfClerk(databaseUrl),
    LATCHKEY_DATABASE_CONNECTIONS: '1',
  }))
  server = fleet.servers[0]!
  recorder = createRecorder(fleet)
})
afterAll(async () => {
  try {
    expect(await findDamage(fleet, recorder)).toEqual([])
    expect(recorder.findViolations()).toEqual([])
  } finally {
    await fleet.dispose()
    await cluster.dispose()
  }
})

beforeEach(async () => {
  ;[key] = (await issueEverywhere({ servers: [server] }, recorder, 1)) as [Issued]
  foreign = await connectTo(fleet.databaseUrl)
})
afterEach(() => foreign.end())

const create = () => fleet.call(server, { path: '/keys', body: { userId: fleet.userId } })
const list = () => fleet.call(server, { path: '/keys' })

const totalNow = async () => Number((await list()).body.total)

function expectWait({ status, body, headers }: Answer): void {
  expect({ status, code: body.code }).toEqual({ status: 503, code: 'unavailable' })
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
}

/** Verifies one key after another until the work is over; every verdict must be VALID. */
async function verifyDuring(work: Promise<unknown>, keys: readonly Issued[]): Promise<void> {
  let isOver = false
  const over = work.finally(() => {
    isOver = true
  })
  let verified = 0
  while (!isOver || verified < keys.length) {
    expect(await recorder.verify(server, keys[verified % keys.length]!)).toBe('VALID')
    verified += 1
  }
  await over
}

describe('with one connection for lists and writes', () => {
  it('all who come at once are answered in turn, and verification goes on', async () => {
    const before = await totalNow()
    const answers = Promise.all(
      Array.from({ length: 120 }, (_, index) => (index % 2 === 0 ? create() : list())),
    )
    await verifyDuring(answers, [key])
    const statuses = new Set((await answers).map(({ status }) => status))
    expect(statuses).toEqual(new Set([200, 201]))
    expect(await totalNow()).toBe(before + 60)
  })

  it('that is held up, the others are told to come again, verification goes on, and nothing is lost', async () => {
    // Not remembered by the server yet: looking it up takes a connection as well.
    const unknown = await Promise.all([1, 2, 3, 4, 5].map(() => recorder.issue(server)))
    const before = await totalNow()
    await foreign.query('BEGIN')
    await foreign.query('SELECT FROM companies WHERE id = $1 FOR UPDATE', [fleet.companyId])
    const creations = Promise.all([create(), create(), create()])
    const lists = Promise.all([list(), list(), list()])
    await verifyDuring(Promise.all([creations, lists]), [key, ...unknown])
    for (const answer of await creations) expectWait(answer)
    // One may find the connection free between two that wait for the row.
    for (const answer of await lists) if (answer.status !== 200) expectWait(answer)
    await foreign.query('ROLLBACK')
    expect((await create()).status).toBe(201)
    expect(await totalNow()).toBe(before + 1)
  })
})

describe('a role whose connections are used up', () => {
  const limit = (count: number) => fleet.database.query(`ALTER ROLE clerk CONNECTION LIMIT ${count}`)
  const end = (purpose: string) =>
    fleet.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND usename = 'clerk' AND application_name LIKE $1`,
      [`latchkey ${purpose}`],
    )

  it('refuses lists and writes, and verification too once it has no connection; all is well when there is one', async () => {
    await limit(0)
    await end('store')
    await verifyDuring(
      (async () => {
        expectWait(await create())
        expectWait(await list())
      })(),
      [key],
    )
    await end('%')
    await until('cannot_verify', () => recorder.verify(server, key))
    expectWait(await fleet.call(server, { path: '/readyz' }))
    await limit(-1)
    await until('VALID', () => recorder.verify(server, key))
    await until(201, async () => (await create()).status)
    expect((await recorder.remove(server, key)).status).toBe(204)
    expect(await recorder.verify(server, key)).toBe('INACTIVE')
  })
})

describe('a company whose row another program holds', () => {
  it('has its writes refused, and its keys verified; other companies go on', async () => {
    const company = await fleet.call(server, { path: '/companies', body: { name: 'Acme' } })
    const companyId = String(company.body.id)
    const headers = { 'X-Company-Id': companyId }
    const user = await fleet.call(server, {
      path: '/users',
      headers,
      body: { name: 'Ada', role: 'developer' },
    })
    const theirs = await recorder.issue(server, { companyId, userId: String(user.body.id) })
    const second = await fleet.add({ LATCHKEY_DATABASE_CONNECTIONS: '4' })
    await foreign.query('BEGIN')
    await foreign.query('SELECT FROM companies WHERE id = $1 FOR UPDATE', [companyId])

    const removal = { method: 'DELETE', path: `/keys/${theirs.id}`, headers }
    let isAnswered = false
    const held = fleet.call(second, removal).finally(() => {
      isAnswered = true
    })
    let others = 0
    while (!isAnswered) {
      expect((await fleet.call(second, { path: '/keys', body: { userId: fleet.userId } })).status).toBe(201)
      expect((await fleet.call(second, { path: '/keys', headers })).body.total).toBe(1)
      expect(await recorder.verify(second, theirs)).toBe('VALID')
      others += 1
    }
    expectWait(await held)
    expect(others).toBeGreaterThan(0)
    await foreign.query('ROLLBACK')
    expect((await recorder.revoke(second, { ...removal, method: 'DELETE' })).status).toBe(204)
    expect(await recorder.verify(server, theirs)).toBe('INACTIVE')
  })
})
