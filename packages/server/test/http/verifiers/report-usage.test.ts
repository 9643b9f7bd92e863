/** POST /usage/reports: what a verifier judged elsewhere counts as if it had been judged here. */
import type { KeyId } from '@latchkey/core/ids'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { companyKeys } from '../../company-keys.ts'
import { createFakeClock, HOUR_MS } from '../../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestAnswer,
  type TestCompany,
  useTestServer,
} from '../../harness.ts'

const clock = createFakeClock(Date.parse('2026-11-20T09:30:00.000Z'))
const server = useTestServer({}, { clock })
let company: TestCompany
let other: TestCompany
let reports = 0

beforeAll(async () => {
  company = await createTestCompany(server)
  other = await createTestCompany(server)
})

const { admin, create } = companyKeys(server, () => company)
const iso = (atMs: number) => new Date(atMs).toISOString()
const newId = () => `report-of-a-verifier-${reports++}`
const read = async (path: string): Promise<Parsed> => (await server.call({ path, key: admin() })).body

/** `clockMs`: of whoever reports. */
function report(uses: readonly object[], fields: object = {}, clockMs = clock.nowMs(), key = admin()) {
  const body = {
    reportId: newId(),
    from: iso(clockMs - 10_000),
    to: iso(clockMs),
    now: iso(clockMs),
    uses,
    ...fields,
  }
  return server.call({ method: 'POST', path: '/usage/reports', key, body })
}
const use = (keyId: string, fields: object = {}) => ({
  keyId,
  secretOrdinal: 1,
  code: 'VALID',
  count: 3,
  lastAt: iso(clock.nowMs() - 1_000),
  lastAddress: '192.0.2.7',
  ...fields,
})
const countsIn = (answer: TestAnswer) => ({ status: answer.status, ...answer.body })

test('accepted uses are counted, and the key says when and from where it was last used', async () => {
  const { id } = await create()
  expect(countsIn(await report([use(id)]))).toEqual({ status: 200, accepted: 1, ignored: 0 })
  expect(await read(`/keys/${id}`)).toMatchObject({
    lastUsedAt: iso(clock.nowMs() - 1_000),
    lastAddress: '192.0.2.7',
    lastRefusedAt: null,
  })
  expect((await read(`/keys/${id}/usage`)).days).toEqual([
    { date: '2026-11-20', counts: { VALID: 3 }, previousSecret: 0 },
  ])
  expect((await read(`/keys/${id}/usage`)).addresses).toMatchObject([{ network: '192.0.2.7' }])
})

test('refused ones are counted by their code, and are no use of the key', async () => {
  const { id } = await create()
  const refused = use(id, { code: 'IP_NOT_ALLOWED', count: 2, lastAddress: '2001:db8::9' })
  await report([refused, use(id, { code: 'EXPIRED', count: 5, lastAt: iso(clock.nowMs() - 9_000) })])
  expect(await read(`/keys/${id}`)).toMatchObject({
    lastUsedAt: null,
    lastRefusedAt: iso(clock.nowMs() - 1_000),
    lastRefusedCode: 'IP_NOT_ALLOWED',
    lastRefusedAddress: '2001:db8::9',
  })
  expect((await read(`/keys/${id}/usage`)).days[0].counts).toEqual({ IP_NOT_ALLOWED: 2, EXPIRED: 5 })
})

test('uses of both secrets of a rotation are told apart', async () => {
  const { id } = await create()
  const request = { path: `/keys/${id}/rotation`, key: admin(), body: { overlapSeconds: 3_600 } }
  await expectCreated(server, request)
  await report([use(id, { secretOrdinal: 1, count: 4 }), use(id, { secretOrdinal: 2, count: 6 })])
  const { rotation } = await read(`/keys/${id}`)
  expect(rotation).toMatchObject({
    newFirstUsedAt: iso(clock.nowMs() - 1_000),
    previousLastUsedAt: iso(clock.nowMs() - 1_000),
    previousLastAddress: '192.0.2.7',
  })
  expect((await read(`/keys/${id}/usage`)).days).toMatchObject([{ counts: { VALID: 10 }, previousSecret: 4 }])
})

describe('a report', () => {
  test('that comes again is counted once, as are two at the same time', async () => {
    const keys = await Promise.all(Array.from({ length: 60 }, create))
    const uses = keys.map(({ id }) => use(id))
    const again = { reportId: newId() }
    const answers = await Promise.all([1, 2, 3].map(() => report(uses, again)))
    for (const answer of [...answers, await report(uses, again)]) {
      expect(countsIn(answer)).toEqual({ status: 200, accepted: 60, ignored: 0 })
    }
    expect((await read(`/keys/${keys[0].id}/usage`)).days[0].counts).toEqual({ VALID: 3 })
    expect((await read(`/keys/${keys[59].id}/usage`)).days[0].counts).toEqual({ VALID: 3 })
  })

  test('is added in the order of the ids of its keys, in whichever they come', async () => {
    const keys = await Promise.all(Array.from({ length: 4 }, create))
    const ids: string[] = keys.map(({ id }) => id).sort()
    await report([3, 1, 0, 2].map((index) => use(ids[index]!)))
    const numbered = await server.services.engine.read((db) =>
      db
        .selectFrom('usage_keys')
        .select('key_id')
        .where('key_id', 'in', ids as KeyId[])
        .orderBy('number')
        .execute(),
    )
    expect(numbered.map((row) => row.key_id)).toEqual(ids)
  })

  test('of one name, from two senders, is two', async () => {
    const { id } = await create()
    const same = { reportId: newId() }
    await report([use(id)], same)
    await report([use(id)], same, clock.nowMs(), company.users.owner.key)
    expect((await read(`/keys/${id}/usage`)).days[0].counts).toEqual({ VALID: 6 })
  })

  test.each([
    ['a key of another company', () => other.users.viewer.keyId],
    ['a key that does not exist', () => `${company.users.viewer.keyId.slice(0, -6)}zzzzzz`],
    ['what is no id of a key', () => 'nonsense'],
    ['the id of something else', () => company.id],
  ])('leaves out %s, and adds the rest', async (_, foreign) => {
    const { id } = await create()
    const answer = await report([use(foreign()), use(id)])
    expect(countsIn(answer)).toEqual({ status: 200, accepted: 1, ignored: 1 })
    const seen = await server.call({ path: `/keys/${other.users.viewer.keyId}`, key: other.users.admin.key })
    expect(seen.body.lastUsedAt).toBe(null)
  })

  test.each([
    ['an hour behind', -HOUR_MS],
    ['an hour ahead', HOUR_MS],
    ['a year ahead', 365 * 24 * HOUR_MS],
  ])('of a verifier whose clock is %s has the times of this one', async (_, offMs) => {
    const { id } = await create()
    const theirsMs = clock.nowMs() + offMs
    await report([use(id, { lastAt: iso(theirsMs - 2_000) })], {}, theirsMs)
    expect((await read(`/keys/${id}`)).lastUsedAt).toBe(iso(clock.nowMs() - 2_000))
  })

  test.each([
    ['that is to come', 60_000, 0],
    ['of last year', -365 * 24 * HOUR_MS, -24 * HOUR_MS],
  ])('cannot tell of a use %s', async (_, atMs, takenMs) => {
    const { id } = await create()
    await report([use(id, { lastAt: iso(clock.nowMs() + atMs) })])
    expect((await read(`/keys/${id}`)).lastUsedAt).toBe(iso(clock.nowMs() + takenMs))
  })

  test('that is older than what is known takes nothing back', async () => {
    const { id } = await create()
    await report([use(id)])
    await report([use(id, { lastAt: iso(clock.nowMs() - 60_000), lastAddress: '198.51.100.1' })])
    expect(await read(`/keys/${id}`)).toMatchObject({
      lastUsedAt: iso(clock.nowMs() - 1_000),
      lastAddress: '192.0.2.7',
    })
  })

  test('brings no address back of a user that was deleted', async () => {
    const headers = { 'x-company-id': company.id }
    const user = await expectCreated(server, { path: '/users', body: { name: 'A', role: 'viewer' }, headers })
    const { id } = await expectCreated(server, { path: '/keys', key: admin(), body: { userId: user.id } })
    await server.call({ method: 'DELETE', path: `/keys/${id}`, key: admin() })
    const deleted = await server.call({ method: 'DELETE', path: `/users/${user.id}`, headers })
    expect(deleted.status, deleted.text).toBe(204)
    await report([use(id), use(id, { code: 'IP_NOT_ALLOWED' })])
    const shown = { ...(await read(`/keys/${id}`)), usage: await read(`/keys/${id}/usage`) }
    expect(JSON.stringify(shown)).not.toContain('192.0.2.7')
  })

  test.each([
    ['an address that is none', { lastAddress: '192.0.2.0/24' }, 'invalid_ip', '/uses/0/lastAddress'],
    ['a time that is none', { lastAt: 'yesterday' }, 'invalid_field', '/uses/0/lastAt'],
    ['a verdict that does not exist', { code: 'FINE' }, 'invalid_field', '/uses/0/code'],
    ['no uses', { count: 0 }, 'invalid_field', '/uses/0/count'],
  ] as const)('with %s is refused whole', async (_, fields, code, pointer) => {
    const { id } = await create()
    expectProblem(await report([use(id, fields), use(id)]), { code, pointer })
    expect((await read(`/keys/${id}`)).lastUsedAt).toBe(null)
  })
})

test('of a report nothing more is added once whoever sends it was revoked', async () => {
  const keys: Parsed[] = await Promise.all(Array.from({ length: 101 }, create))
  const sender = await expectCreated(server, {
    path: '/keys',
    key: company.users.owner.key,
    body: { userId: company.users.owner.id },
  })
  const { engine } = server.services
  const write = engine.write
  let writes = 0
  engine.write = async (work, turn) => {
    if (turn?.party === company.id) writes += 1
    if (writes === 2) {
      engine.write = write
      await server.call({ method: 'DELETE', path: `/keys/${sender.id}`, key: sender.key })
    }
    return write(work, turn)
  }
  const answer = await report(
    keys.map(({ id }) => use(id)),
    {},
    clock.nowMs(),
    sender.key,
  )
  expectProblem(answer, 'key_inactive')
  const used = await Promise.all(keys.map(async ({ id }) => (await read(`/keys/${id}`)).lastUsedAt !== null))
  expect(used.filter(Boolean)).toHaveLength(50)
})

test('counts reach the sums of the company', async () => {
  const sum = async () =>
    (await read('/usage?by=code')).data.find(({ id }: Parsed) => id === 'INACTIVE')?.total ?? 0
  const before = await sum()
  const { id } = await create()
  await report([use(id, { code: 'INACTIVE', count: 7 })])
  expect(await sum()).toBe(before + 7)
})
