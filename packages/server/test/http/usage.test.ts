import { beforeAll, expect, test } from 'vitest'
import { addUsageReport } from '../../src/storage/tables/usage-report.ts'
import { deleteOldReports, sumOldDays } from '../../src/storage/tables/usage-retention.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestCompany,
  type TestService,
  useTestServer,
} from '../harness.ts'

const DAY_MS = 24 * HOUR_MS

let company: TestCompany
const clock = createFakeClock(Date.parse('2026-11-20T09:30:00.000Z'))
const server = useTestServer({ LATCHKEY_TRUSTED_PROXIES: '10.0.0.1' }, { clock })
beforeAll(async () => {
  company = await createTestCompany(server)
})

const admin = () => company.users.admin.key

const newKey = (fields: object = {}): Promise<Parsed> =>
  expectCreated(server, {
    path: '/keys',
    key: admin(),
    body: { userId: company.users.developer.id, ...fields },
  })

async function verify(key: string, ip?: string, permissions?: readonly string[]): Promise<Parsed> {
  const body = {
    key,
    ...(ip === undefined ? {} : { ip }),
    ...(permissions === undefined ? {} : { permissions }),
  }
  return (await server.call({ method: 'POST', path: '/verify', key: admin(), body })).body
}

async function read(path: string, key: string | null = admin()): Promise<Parsed> {
  await server.services.usage.flush()
  return (await server.call({ path, key })).body
}

const usageOf = (id: string, query = '') => read(`/keys/${id}/usage${query}`)

test('each verdict is counted by its code, on the day it was given', async () => {
  const key = await newKey({ whitelistedIPs: ['192.0.2.7'], permissions: ['orders:read'] })
  await verify(key.key, '192.0.2.7')
  await verify(key.key, '192.0.2.7')
  await verify(key.key, '192.0.2.8')
  await verify(key.key)
  await verify(key.key, '192.0.2.7', ['orders:write'])
  clock.move(DAY_MS)
  await verify(key.key, '192.0.2.7')
  await server.call({ method: 'PATCH', path: `/keys/${key.id}`, key: admin(), body: { enabled: false } })
  await verify(key.key, '192.0.2.7')
  expect((await usageOf(key.id)).days).toEqual([
    {
      date: '2026-11-20',
      counts: { VALID: 2, IP_NOT_ALLOWED: 1, IP_REQUIRED: 1, INSUFFICIENT_PERMISSIONS: 1 },
      previousSecret: 0,
    },
    { date: '2026-11-21', counts: { VALID: 1, INACTIVE: 1 }, previousSecret: 0 },
  ])
})

test('a key says when, why and from where it was last refused, and a refusal is no use of it', async () => {
  const key = await newKey({ whitelistedIPs: ['192.0.2.7'] })
  await verify(key.key, '2001:db8::9')
  const shown = await read(`/keys/${key.id}`)
  expect(shown).toMatchObject({
    lastUsedAt: null,
    lastRefusedAt: new Date(clock.nowMs()).toISOString(),
    lastRefusedCode: 'IP_NOT_ALLOWED',
    lastRefusedAddress: '2001:db8::9',
  })
  const listed = await read('/keys?limit=1')
  expect(listed.data[0]).toMatchObject({ id: key.id, lastRefusedCode: 'IP_NOT_ALLOWED' })
})

test('uses through a gateway are counted with the same codes, and so are those of the API itself', async () => {
  const key = await newKey({ whitelistedIPs: ['192.0.2.7'] })
  const check = (address: string) =>
    server.call({
      path: '/gateway/check',
      key: key.key,
      from: '10.0.0.1',
      headers: { 'x-forwarded-for': address },
    })
  expect((await check('192.0.2.7')).status).toBe(200)
  expect((await check('192.0.2.9')).status).toBe(403)
  expect((await server.call({ path: '/me', key: key.key, from: '192.0.2.7' })).status).toBe(200)
  expect((await usageOf(key.id)).days[0].counts).toEqual({ VALID: 2, IP_NOT_ALLOWED: 1 })
})

test('networks are kept apart: of uses and of refusals, an IPv6 /64 as one, the last twenty', async () => {
  const key = await newKey({ whitelistedIPs: ['192.0.2.0/24', '2001:db8:1::/48'] })
  for (const ip of ['192.0.2.1', '2001:db8:1::1', '2001:db8:1::2', '198.51.100.1']) await verify(key.key, ip)
  clock.move(HOUR_MS)
  await verify(key.key, '2001:db8:1::3')
  const first = new Date(clock.nowMs() - HOUR_MS).toISOString()
  const last = new Date(clock.nowMs()).toISOString()
  const few = await usageOf(key.id)
  expect(few.addresses).toEqual([
    { network: '2001:db8:1::/64', address: '2001:db8:1::3', firstAt: first, lastAt: last },
    { network: '192.0.2.1', address: '192.0.2.1', firstAt: first, lastAt: first },
  ])
  expect(few.refusedAddresses).toEqual([
    { network: '198.51.100.1', address: '198.51.100.1', firstAt: first, lastAt: first },
  ])
  for (let n = 10; n < 40; n++) {
    clock.move(1_000)
    await verify(key.key, `192.0.2.${n}`)
    await server.services.usage.flush()
  }
  const many = await usageOf(key.id)
  expect(many.addresses).toHaveLength(20)
  expect(many.addresses[0].network).toBe('192.0.2.39')
  expect(many.addresses[19].network).toBe('192.0.2.20')
})

test('a preview tells which networks a list would shut out, and changes nothing', async () => {
  const key = await newKey()
  await verify(key.key, '192.0.2.1')
  clock.move(HOUR_MS)
  await verify(key.key, '198.51.100.9')
  await server.services.usage.flush()
  const preview = async (whitelistedIPs: unknown) =>
    server.call({
      method: 'POST',
      path: `/keys/${key.id}/allowlist-preview`,
      key: admin(),
      body: { whitelistedIPs },
    })
  const at = new Date(clock.nowMs()).toISOString()
  expect((await preview(['192.0.2.0/24'])).body).toMatchObject({
    refused: [{ network: '198.51.100.9', address: '198.51.100.9', lastAt: at }],
    admitted: 1,
  })
  expect((await preview(null)).body).toMatchObject({ refused: [], admitted: 2 })
  const bad = await preview(['192.0.2.0/33'])
  expect([bad.status, bad.body.errors[0].pointer]).toEqual([400, '/whitelistedIPs/0'])
  expect((await server.call({ path: `/keys/${key.id}`, key: admin() })).body.whitelistedIPs).toBeNull()
  clock.move(31 * DAY_MS)
  expect((await preview(['192.0.2.0/24'])).body).toMatchObject({ refused: [], admitted: 0 })
})

test('uses of a replaced secret are counted apart while a rotation is open', async () => {
  const key = await newKey()
  const rotated = await expectCreated(server, { path: `/keys/${key.id}/rotation`, key: admin(), body: {} })
  await verify(key.key)
  await verify(key.key)
  await verify(rotated.key)
  const [day] = (await usageOf(key.id)).days
  expect(day).toMatchObject({ counts: { VALID: 3 }, previousSecret: 2 })
})

test('texts that match no key are counted for the key and the company that asked, and for nobody else', async () => {
  const asker = await newKey({ userId: company.users.admin.id })
  const ask = (key: string) => server.call({ method: 'POST', path: '/verify', key: asker.key, body: { key } })
  const other = await createTestCompany(server)
  await ask('nothing')
  await ask(other.users.viewer.key)
  const [day] = (await usageOf(asker.id)).days
  expect(day.counts).toEqual({ VALID: 2, NOT_FOUND: 2 })
  expect((await read(`/keys/${other.users.viewer.keyId}/usage`, other.users.admin.key)).days).toEqual([])
  await server.call({ path: '/gateway/check', key: 'nothing', from: '10.0.0.1' })
  const operators = await read('/usage?by=code', server.adminKey)
  expect(operators.data.find(({ id }: Parsed) => id === 'NOT_FOUND')).toMatchObject({ total: 1 })
})

test('the company reads its sums by day, key, code and user, the most used first, a page at a time', async () => {
  const own = await createTestCompany(server)
  const { owner, admin: asker, developer, viewer } = own.users
  const ask = (key: string) =>
    server.call({ method: 'POST', path: '/verify', key: asker.key, body: { key, permissions: [] } })
  for (const key of [owner.key, owner.key, owner.key, developer.key, developer.key, viewer.key])
    await ask(key)
  const of = async (query: string) => {
    await server.services.usage.flush()
    return (await server.call({ path: `/usage?${query}`, key: owner.key })).body
  }
  const keys = await of('by=key')
  expect(keys.data.map(({ id, total }: Parsed) => [id, total])).toEqual([
    [asker.keyId, 6],
    [owner.keyId, 3],
    [developer.keyId, 2],
    [viewer.keyId, 1],
  ])
  expect((await of('by=user')).data[1]).toMatchObject({ id: owner.id, counts: { VALID: 4 } })
  expect((await of('by=code')).data).toMatchObject([{ id: 'VALID' }])
  expect((await of('by=day')).data).toMatchObject([
    { id: new Date(clock.nowMs()).toISOString().slice(0, 10) },
  ])
  const first = await of('by=key&limit=3')
  expect([first.total, first.count, first.previousUrl]).toEqual([4, 3, null])
  const path = first.nextUrl.replace(/^https?:..[^/]+/, '')
  const { body: second, headers } = await server.call({ path, key: owner.key })
  expect([second.count, second.nextUrl]).toEqual([1, null])
  expect(headers.link).toBe(`<${second.previousUrl}>; rel="prev"`)
  expect(second.data[0].id).toBe(viewer.keyId)
})

test('a page past the end has no neighbours, as in every list', async () => {
  await verify((await newKey()).key)
  for (const by of ['day', 'code', 'key', 'user']) {
    const page = await read(`/usage?by=${by}&offset=1000&limit=10`)
    expect(page.total).toBeGreaterThan(0)
    expect([page.count, page.nextUrl, page.previousUrl]).toEqual([0, null, null])
  }
})

test('the first days that there are begin with the first', async () => {
  const { id } = await newKey()
  expect(await usageOf(id, '?to=0000-01-05')).toMatchObject({ from: '0000-01-01', to: '0000-01-05' })
  expect((await read('/usage?to=0000-01-01')).total).toBe(0)
})

test.each([
  ['from=2026-02-30', 'from'],
  ['to=yesterday', 'to'],
  ['from=2026-11-21&to=2026-11-20', 'from'],
  ['from=2025-01-01&to=2026-11-20', 'from'],
  ['form=2026-11-20', 'form'],
])('%s is refused, and the parameter is named', async (query, parameter) => {
  const key = company.users.viewer.keyId
  for (const path of ['/usage', `/keys/${key}/usage`]) {
    const answer = await server.call({ path: `${path}?${query}`, key: admin() })
    expect([answer.status, answer.body.errors[0].parameter]).toEqual([400, parameter])
  }
})

test('400 days are answered at once', async () => {
  const answer = await server.call({ path: '/usage?from=2025-10-17&to=2026-11-20', key: admin() })
  expect(answer.status).toBe(200)
})

test("another company's key has no usage here, and none that exists looks like one that does not", async () => {
  const other = await createTestCompany(server)
  for (const id of [other.users.viewer.keyId, 'key_00000000000000000000000000', 'nothing']) {
    const usage = await server.call({ path: `/keys/${id}/usage`, key: admin() })
    const preview = await server.call({
      method: 'POST',
      path: `/keys/${id}/allowlist-preview`,
      key: admin(),
      body: { whitelistedIPs: null },
    })
    for (const { status, body } of [usage, preview])
      expect([status, body.code]).toEqual([404, 'key_not_found'])
  }
})

test('days that are kept no more are summed by month', async () => {
  const key = await newKey()
  await verify(key.key)
  clock.move(DAY_MS)
  await verify(key.key)
  await server.services.usage.flush()
  const { engine } = server.services
  const { days } = await usageOf(key.id)
  const today = Math.floor(clock.nowMs() / DAY_MS)
  while ((await engine.write((db) => sumOldDays(db, today))).value);
  const after = await usageOf(key.id)
  expect(days).toHaveLength(2)
  expect(after.days).toEqual([days[1]])
  expect(after.months).toEqual([{ ...days[0], date: undefined, month: days[0].date.slice(0, 7) }])
})

test('a report that is added again changes nothing', async () => {
  const key = await newKey()
  const { engine } = server.services
  const day = Math.floor(clock.nowMs() / DAY_MS)
  const keys = [{ keyId: key.id, day, counts: [5], refusal: null, networks: [] }]
  const report = { id: 'a report', atMs: clock.nowMs(), keys, companies: [] }
  for (let n = 0; n < 2; n++) await engine.write((db) => addUsageReport(db, report))
  expect((await usageOf(key.id)).days[0].counts).toEqual({ VALID: 5 })
  await engine.write((db) => deleteOldReports(db, clock.nowMs() + 1))
  await engine.write((db) => addUsageReport(db, report))
  expect((await usageOf(key.id)).days[0].counts).toEqual({ VALID: 10 })
})

test('a report that follows another is added once too, and only its own name is remembered', async () => {
  const key = await newKey()
  const { engine } = server.services
  const atMs = clock.nowMs()
  const keys = [{ keyId: key.id, day: Math.floor(atMs / DAY_MS), counts: [1], refusal: null, networks: [] }]
  const add = (id: string, after?: string) =>
    engine.write((db) => addUsageReport(db, { id, after, atMs, keys, companies: [] }))
  const remembered = () =>
    engine.read((db) =>
      db.selectFrom('usage_reports').select('id').where('id', 'like', 'part %').orderBy('id').execute(),
    )
  for (const [id, after] of [
    ['part 1'],
    ['part 2', 'part 1'],
    ['part 2', 'part 1'],
    ['part 3', 'part 2'],
  ] as const) {
    await add(id, after)
  }
  expect((await usageOf(key.id)).days[0].counts).toEqual({ VALID: 3 })
  expect(await remembered()).toEqual([{ id: 'part 3' }])
})

/** Of one key on two days, in no order, as reports of verifiers may have them. */
test('uses of one key and day in one report are summed, whatever comes between them', async () => {
  const key = await newKey()
  const { engine } = server.services
  const day = Math.floor(clock.nowMs() / DAY_MS)
  const on = (day: number, ...counts: number[]) => ({
    keyId: key.id,
    day,
    counts,
    refusal: null,
    networks: [],
  })
  const keys = [on(day, 1), on(day - 1, 10), on(day, 2, 5), on(day - 1, 20), on(day, 4)]
  const report = { id: 'two days', atMs: clock.nowMs(), keys, companies: [] }
  await engine.write((db) => addUsageReport(db, report))
  expect((await usageOf(key.id)).days.map(({ counts }: Parsed) => counts)).toEqual([
    { VALID: 30 },
    { VALID: 7, NOT_FOUND: 5 },
  ])
})

test('two servers that count the same keys at once lose nothing', async () => {
  const key = await newKey()
  const second = await server.join()
  try {
    const body = { key: key.key }
    const ask = (one: Pick<TestService, 'call'>) =>
      one.call({ method: 'POST', path: '/verify', key: admin(), body })
    for (let round = 0; round < 5; round++) {
      await Promise.all([ask(server), ask(second), ask(second)])
      await Promise.all([server.services.usage.flush(), second.services.usage.flush()])
    }
  } finally {
    await second.dispose()
  }
  expect((await usageOf(key.id)).days[0].counts).toEqual({ VALID: 15 })
})

test('whoever is erased leaves no address behind', async () => {
  const user = await expectCreated(server, {
    path: '/users',
    key: admin(),
    body: { name: 'Ada', role: 'developer' },
  })
  const key = await newKey({ userId: user.id, whitelistedIPs: ['203.0.113.77'] })
  await verify(key.key, '203.0.113.77')
  await verify(key.key, '203.0.113.78')
  await server.services.usage.flush()
  await server.call({ method: 'DELETE', path: `/keys/${key.id}`, key: admin() })
  expect((await server.call({ method: 'DELETE', path: `/users/${user.id}`, key: admin() })).status).toBe(204)
  const usage = await usageOf(key.id)
  expect([usage.addresses, usage.refusedAddresses]).toEqual([[], []])
  expect((await read(`/keys/${key.id}`)).lastRefusedAddress).toBeNull()
  expect(usage.days[0].counts).toEqual({ VALID: 1, IP_NOT_ALLOWED: 1 })
})

test.each([
  ['goes on over midnight', -60_000, 120_000],
  ['is set back over it', 60_000, -120_000],
])(
  'uses of a network on two days that are written at once are one, whose clock %s',
  async (_what, fromMs, byMs) => {
    const { id, key } = await newKey()
    clock.move(2 * DAY_MS - (clock.nowMs() % DAY_MS) + fromMs)
    const beganMs = clock.nowMs()
    await verify(key, '2001:db8:7::1')
    clock.move(byMs)
    await verify(key, '2001:db8:7::2')
    const [early, late] = [beganMs, clock.nowMs()].sort((one, other) => one - other) as [number, number]
    expect((await usageOf(id)).addresses).toEqual([
      {
        network: '2001:db8:7::/64',
        address: late === beganMs ? '2001:db8:7::1' : '2001:db8:7::2',
        firstAt: new Date(early).toISOString(),
        lastAt: new Date(late).toISOString(),
      },
    ])
  },
)
