/** Rows of an import have the limits that a key may be created with: held to the same rules, and kept from then on. */
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { companyKeys } from '../../company-keys.ts'
import { createFakeClock } from '../../fake-clock.ts'
import { createTestCompany, type Parsed, type TestCompany, useTestServer } from '../../harness.ts'

const clock = createFakeClock(Date.parse('2026-11-20T09:30:00.000Z'))
const server = useTestServer({ LATCHKEY_TRUSTED_PROXIES: '10.0.0.1' }, { clock })
let company: TestCompany
beforeAll(async () => {
  company = await createTestCompany(server)
})

const { admin, verify } = companyKeys(server, () => company)
let count = 0
const newText = () =>
  `shop_${createHash('sha256').update(`limited ${++count}`).digest('base64url').slice(0, 32)}`
const minute = (limit: number, name = 'per-minute') => ({ name, limit, windowSeconds: 60 })

const send = (rows: readonly object[], more: object = {}) =>
  server.call({
    method: 'POST',
    path: '/keys/import',
    headers: { 'x-company-id': company.id },
    body: { user: company.users.developer.id, keys: rows, ...more },
  })
async function importRows(rows: readonly object[], more: object = {}): Promise<Parsed[]> {
  const answer = await send(rows, more)
  expect(answer.status, answer.text).toBe(200)
  return answer.body.rows
}
const create = (fields: object) =>
  server.call({
    method: 'POST',
    path: '/keys',
    key: admin(),
    body: { userId: company.users.developer.id, ...fields },
  })

test('an imported key shows its limits, alone and in the list', async () => {
  const [key, hashed] = [newText(), newText()]
  const rateLimits = [minute(3), { name: 'hour', limit: 50, windowSeconds: 3_600 }]
  const quota = { limit: 100, period: 'month' }
  const hash = createHash('sha256').update(hashed).digest('hex')
  const rows = await importRows([
    { key, rateLimits, quota },
    { hash, format: 'sha256', quota },
    { key: newText() },
    { key: newText(), rateLimits: null, quota: null },
    { key: newText(), rateLimits: [] },
  ])
  expect(rows.map(({ outcome, notes }) => [outcome, notes])).toEqual(rows.map(() => ['created', []]))
  const { data } = (await server.call({ path: '/keys?limit=100', key: admin() })).body
  const shown = await Promise.all(
    rows.map(async ({ keyId }) => {
      const { body } = await server.call({ path: `/keys/${keyId}`, key: admin() })
      expect(data).toContainEqual(body)
      return [body.rateLimits, body.quota]
    }),
  )
  const none = [null, null]
  expect(shown).toEqual([[rateLimits, quota], [null, quota], none, none, none])
})

test('an imported key is limited at verification, by whichever server, and at the gateway', async () => {
  const [key, second] = [newText(), await server.join()]
  try {
    await importRows([{ key, rateLimits: [minute(3)], quota: { limit: 100, period: 'day' } }])
    const codes = []
    for (const by of [server, second, server, second]) codes.push((await verify(key, {}, by)).code)
    expect(codes).toEqual(['VALID', 'VALID', 'VALID', 'RATE_LIMITED'])
    expect(await verify(key)).toMatchObject({
      limitedBy: 'per-minute',
      limits: [
        { name: 'per-minute', limit: 3, remaining: 0 },
        { name: 'quota', limit: 100 },
      ],
    })
    const headers = { 'x-forwarded-for': '192.0.2.7' }
    const atGateway = await server.call({ path: '/gateway/check', key, from: '10.0.0.1', headers })
    expect([atGateway.status, atGateway.body.code]).toEqual([429, 'key_rate_limited'])
  } finally {
    await second.dispose()
  }
})

test('a verifier elsewhere learns that an imported key is counted', async () => {
  const [limited, free] = [newText(), newText()]
  await importRows([{ key: limited, quota: { limit: 1, period: 'day' } }, { key: free }])
  for (const [key, isLimited] of [
    [limited, true],
    [free, false],
  ] as const) {
    const { body } = await server.call({
      method: 'POST',
      path: '/verify/record',
      key: admin(),
      body: { key },
    })
    expect(body.record).toMatchObject({ isLimited })
  }
})

test('a second import leaves the limits of a key as they are', async () => {
  const key = newText()
  const [{ keyId }] = (await importRows([{ key, quota: { limit: 5, period: 'day' } }])) as [Parsed]
  expect((await importRows([{ key, quota: { limit: 500, period: 'day' } }]))[0]).toMatchObject({
    outcome: 'exists',
  })
  expect((await server.call({ path: `/keys/${keyId}`, key: admin() })).body.quota).toEqual({
    limit: 5,
    period: 'day',
  })
})

describe('what creation refuses is refused in its words, in its row alone:', () => {
  const FIVE = ['a', 'b', 'c', 'd', 'e'].map((name) => minute(1, name))
  test.each<readonly [string, object]>([
    ['a limit of 0', { rateLimits: [minute(0)] }],
    ['half a use', { rateLimits: [minute(1.5)] }],
    ['more than a billion', { quota: { limit: 1_000_000_001, period: 'day' } }],
    ['a window of more than a day', { rateLimits: [{ ...minute(1), windowSeconds: 86_401 }] }],
    ['five limits', { rateLimits: FIVE }],
    ['a name with capitals', { rateLimits: [minute(1, 'Minute')] }],
    ['a name without a letter', { rateLimits: [minute(1, '')] }],
    ['a name of 33 letters', { rateLimits: [minute(1, 'm'.repeat(33))] }],
    ['the name quota', { rateLimits: [minute(1), minute(1, 'quota')] }],
    ['one name twice', { rateLimits: [minute(1), minute(2)] }],
    ['a quota of a week', { quota: { limit: 1, period: 'week' } }],
    ['a quota of nothing', { quota: { limit: 0, period: 'day' } }],
  ])('%s', async (_, limits) => {
    const refused = await create(limits)
    expect(refused.status).toBe(400)
    const rows = await importRows([{ key: newText() }, { key: newText(), ...limits }, { key: newText() }])
    expect(rows.map(({ line, outcome }) => [line, outcome])).toEqual([
      [1, 'created'],
      [2, 'refused'],
      [3, 'created'],
    ])
    // One of them: a row has no list of errors beside its reason.
    expect(rows[1].reason).toBe(refused.body.detail.replace(' (and 1 more; see errors)', ''))
  })

  test('a field that is none, or missing, is told of the whole body, as any of a row', async () => {
    for (const limits of [
      { quota: { limit: 1 } },
      { rateLimits: [{ name: 'x', limit: 1, window: 60 }] },
      { rateLimits: 'often' },
    ]) {
      const answer = await send([{ key: newText() }, { key: newText(), ...limits }])
      expect(answer.status).toBe(400)
      expect(answer.body.errors[0].pointer).toMatch(/^\/keys\/1\/(?:quota|rateLimits)/)
    }
  })

  test('in a dry run, too', async () => {
    const rows = [
      { key: newText(), quota: { limit: 1, period: 'year' } },
      { key: newText(), quota: { limit: 1, period: 'day' } },
    ]
    const dry = await importRows(rows, { dryRun: true })
    expect(dry.map(({ outcome }) => outcome)).toEqual(['refused', 'created'])
    const real = await importRows(rows)
    expect(real.map(({ reason, outcome }) => [outcome, reason])).toEqual(
      dry.map(({ reason, outcome }) => [outcome, reason]),
    )
  })
})
