import { beforeAll, expect, test } from 'vitest'
import { companyKeys } from '../../company-keys.ts'
import { createFakeClock, HOUR_MS } from '../../fake-clock.ts'
import { expectDocumented } from '../../gateway/verdict-checks.ts'
import {
  createTestCompany,
  expectCreated,
  type JoinedServer,
  type Parsed,
  type TestAnswer,
  type TestCompany,
  useTestServer,
} from '../../harness.ts'

const CALLERS = 64

const clock = createFakeClock(Date.parse('2026-11-20T09:30:00.000Z'))
const server = useTestServer({ LATCHKEY_TRUSTED_PROXIES: '10.0.0.1' }, { clock })
let company: TestCompany
beforeAll(async () => {
  company = await createTestCompany(server)
})

const { admin, create: newKey, verify } = companyKeys(server, () => company)
const minute = (limit: number, name = 'minute') => ({ name, limit, windowSeconds: 60 })

const check = (key: string, path = '/gateway/check'): Promise<TestAnswer> =>
  server.call({ path, key, from: '10.0.0.1', headers: { 'x-forwarded-for': '192.0.2.7' } })

const patch = (id: string, body: object) =>
  server.call({ method: 'PATCH', path: `/keys/${id}`, key: admin(), body })

/** To the start of a window of a minute. */
function nextMinute(): void {
  clock.move(60_000 - (clock.nowMs() % 60_000) + 120_000)
}

test('a key has no limit unless it is given one, and shows those it has', async () => {
  const free = await newKey()
  expect([free.rateLimits, free.quota]).toEqual([null, null])
  expect(await verify(free.key, { cost: 5 })).toMatchObject({ code: 'VALID', limits: null, limitedBy: null })
  const rateLimits = [minute(5), { name: 'hour', limit: 50, windowSeconds: 3_600 }]
  const quota = { limit: 100, period: 'month' }
  const key = await newKey({ rateLimits, quota })
  const shown = (await server.call({ path: `/keys/${key.id}`, key: admin() })).body
  expect([shown.rateLimits, shown.quota]).toEqual([rateLimits, quota])
  expect((await newKey({ rateLimits: [] })).rateLimits).toBeNull()
  expect((await patch(key.id, { rateLimits: null, quota: null })).body).toMatchObject({
    rateLimits: null,
    quota: null,
  })
})

test.each([1, 10, 1_000])('a limit of %i admits exactly as many, however many ask at once', async (limit) => {
  nextMinute()
  const key = await newKey({ rateLimits: [minute(limit)] })
  let valid = 0
  const callUntilRefused = async () => {
    while ((await verify(key.key)).valid) valid += 1
  }
  await Promise.all(Array.from({ length: CALLERS }, callUntilRefused))
  expect(valid).toBe(limit)
})

test('two servers on one store admit no more together', async () => {
  nextMinute()
  const second = await server.join()
  try {
    const key = await newKey({ rateLimits: [minute(40)], quota: { limit: 50, period: 'day' } })
    const answers = await Promise.all(
      Array.from({ length: 160 }, (_, n) => verify(key.key, {}, n % 2 === 0 ? server : second)),
    )
    const valid = answers.filter(({ code }) => code === 'VALID').length
    expect(valid).toBeLessThanOrEqual(40)
    // What one has at hand the other lacks: whoever goes on asking both gets it.
    for (let n = 0; n < 20; n++) await verify(key.key, {}, n % 2 === 0 ? server : second)
    const more = await verify(key.key, { cost: 0 })
    expect(more.limits[0].remaining).toBe(0)
  } finally {
    await second.dispose()
  }
})

test('a refusal says which limit, how they stand and how long to wait; who waits so long is admitted', async () => {
  nextMinute()
  const key = await newKey({
    rateLimits: [minute(3), minute(2, 'tight')],
    quota: { limit: 9, period: 'day' },
  })
  expect((await verify(key.key)).limits).toEqual([
    { name: 'minute', limit: 3, remaining: 2, resetAt: new Date(clock.nowMs() + 60_000).toISOString() },
    { name: 'tight', limit: 2, remaining: 1, resetAt: new Date(clock.nowMs() + 60_000).toISOString() },
    { name: 'quota', limit: 9, remaining: 8, resetAt: '2026-11-21T00:00:00.000Z' },
  ])
  await verify(key.key)
  for (let round = 0; round < 8; round++) {
    const refused = await verify(key.key)
    expect(refused).toMatchObject({ valid: false, code: 'RATE_LIMITED' })
    expect(refused.retryAfterSeconds).toBeGreaterThanOrEqual(1)
    clock.move(refused.retryAfterSeconds * 1_000)
    const admitted = await verify(key.key)
    if (admitted.limitedBy === 'quota') return expect(round).toBe(7)
    expect(admitted).toMatchObject({ code: 'VALID', limitedBy: null, retryAfterSeconds: null })
  }
})

test('all limits are charged, or none: a refused use costs nothing and is no use', async () => {
  nextMinute()
  const key = await newKey({ rateLimits: [minute(10, 'wide'), minute(1, 'tight')] })
  await verify(key.key)
  await server.services.usage.flush()
  const before = (await server.call({ path: `/keys/${key.id}`, key: admin() })).body.lastUsedAt
  clock.move(1_000)
  for (let n = 0; n < 5; n++) expect((await verify(key.key)).limitedBy).toBe('tight')
  const [wide] = (await verify(key.key, { cost: 0 })).limits
  expect(wide).toMatchObject({ name: 'wide', remaining: 9 })
  await server.services.usage.flush()
  expect((await server.call({ path: `/keys/${key.id}`, key: admin() })).body.lastUsedAt).toBe(before)
})

test('what is refused for something else is not charged, and neither is a use of the API itself', async () => {
  nextMinute()
  const key = await newKey({ rateLimits: [minute(2)], whitelistedIPs: ['192.0.2.7'] })
  const refused = await verify(key.key, { ip: '192.0.2.8' })
  expect(refused).toMatchObject({ code: 'IP_NOT_ALLOWED', limits: null })
  expect((await server.call({ path: '/me', key: key.key, from: '192.0.2.7' })).status).toBe(200)
  expect((await verify(key.key, { ip: '192.0.2.7' })).limits[0].remaining).toBe(1)
})

test('a use may count for more, or for nothing', async () => {
  nextMinute()
  const key = await newKey({ rateLimits: [minute(10)] })
  expect((await verify(key.key, { cost: 7 })).limits[0].remaining).toBe(3)
  expect((await verify(key.key, { cost: 4 })).code).toBe('RATE_LIMITED')
  expect((await verify(key.key, { cost: 3 })).limits[0].remaining).toBe(0)
  expect(await verify(key.key, { cost: 0 })).toMatchObject({ code: 'VALID', limits: [{ remaining: 0 }] })
  expect(await verify(key.key, { cost: 11 })).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: null })
})

test('a batch charges each of its elements', async () => {
  nextMinute()
  const key = await newKey({ rateLimits: [minute(3)] })
  const body = { keys: Array.from({ length: 5 }, () => ({ key: key.key })) }
  const answer = await server.call({ method: 'POST', path: '/verify/batch', key: admin(), body })
  expect(answer.body.results.map(({ code }: Parsed) => code)).toEqual([
    'VALID',
    'VALID',
    'VALID',
    'RATE_LIMITED',
    'RATE_LIMITED',
  ])
})

test.each(['/?cost=0', '/?%63ost=0', '/?Cost=0', '/?cost=0&path=/x', '/orders?cost=0&path=/x'])(
  'a client that asks for %s behind Envoy is charged all the same',
  async (path) => {
    nextMinute()
    const key = await newKey({ rateLimits: [minute(1)] })
    expect((await check(key.key, `/gateway/envoy${path}`)).status).toBe(200)
    expect((await verify(key.key)).code).toBe('RATE_LIMITED')
  },
)

test.each([
  ['/gateway/check', 429],
  ['/gateway/envoy/orders', 429],
  ['/gateway/nginx', 403],
])('%s answers %i when a limit is full, with the headers that say so', async (path, status) => {
  nextMinute()
  const key = await newKey({ rateLimits: [minute(1)], quota: { limit: 5, period: 'month' } })
  const passed = await check(key.key, path)
  expect(passed.status).toBe(200)
  expect(passed.headers).toMatchObject({
    'ratelimit-policy': '"minute";q=1;w=60, "quota";q=5',
    ratelimit: expect.stringMatching(/^"minute";r=0;t=60, "quota";r=4;t=\d+$/),
  })
  const refused = await check(key.key, path)
  expect(refused.status).toBe(status)
  expect(refused.headers).toMatchObject({
    'x-auth-status': '429',
    'x-auth-error': 'key_rate_limited',
    'ratelimit-policy': passed.headers['ratelimit-policy'],
    ratelimit: passed.headers.ratelimit,
  })
  expect(Number(refused.headers['x-auth-retry-after'])).toBeGreaterThanOrEqual(1)
  expect(refused.headers['retry-after']).toBe(refused.headers['x-auth-retry-after'])
  expect(refused.body).toMatchObject({ code: 'key_rate_limited', status: 429 })
  expectDocumented(path, passed)
  expectDocumented(path, refused)
})

test('a gateway may say in its configured URI what a use costs', async () => {
  nextMinute()
  const key = await newKey({ rateLimits: [minute(10)] })
  expect((await check(key.key, '/gateway/check?cost=10')).status).toBe(200)
  expect((await check(key.key, '/gateway/check?cost=0')).status).toBe(200)
  expect((await check(key.key)).status).toBe(429)
  for (const cost of ['1001', '-1', '1.5', '', 'one', '1&cost=2']) {
    expect((await check(key.key, `/gateway/check?cost=${cost}`)).headers['x-auth-error'], cost).toBe(
      'missing_permission',
    )
  }
})

test('a key without limits gets no such headers', async () => {
  const { headers } = await check((await newKey()).key)
  expect([headers.ratelimit, headers['ratelimit-policy'], headers['retry-after']]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

test('a change of a limit is in force for the next use: higher, lower, gone and back', async () => {
  nextMinute()
  const key = await newKey({ rateLimits: [minute(2)] })
  await verify(key.key)
  await verify(key.key)
  expect((await verify(key.key)).code).toBe('RATE_LIMITED')
  await patch(key.id, { rateLimits: [minute(3)] })
  expect((await verify(key.key)).limits[0]).toMatchObject({ limit: 3, remaining: 0 })
  await patch(key.id, { rateLimits: [minute(100)] })
  expect((await verify(key.key)).code).toBe('VALID')
  await patch(key.id, { rateLimits: [minute(4)] })
  expect((await verify(key.key)).code).toBe('RATE_LIMITED')
  await patch(key.id, { rateLimits: null })
  expect((await verify(key.key)).limits).toBeNull()
  await patch(key.id, { rateLimits: [minute(4)] })
  expect((await verify(key.key)).code).toBe('RATE_LIMITED')
})

test('rotation and enabling again refill nothing, and a token counts with its key', async () => {
  nextMinute()
  const key = await newKey({ rateLimits: [minute(2)], permissions: ['orders:read'] })
  await verify(key.key)
  const rotated = await expectCreated(server, { path: `/keys/${key.id}/rotation`, key: admin(), body: {} })
  expect((await verify(rotated.key)).code).toBe('VALID')
  await patch(key.id, { enabled: false })
  await patch(key.id, { enabled: true })
  expect((await verify(key.key)).code).toBe('RATE_LIMITED')
  const token = await server.call({
    method: 'POST',
    path: '/oauth/token',
    key: null,
    text: `grant_type=client_credentials&client_id=${key.id}&client_secret=${rotated.key}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  expect((await verify(token.body.access_token)).code).toBe('RATE_LIMITED')
})

test('a limited key is counted as such, and its id is in no figure', async () => {
  nextMinute()
  const key = await newKey({ rateLimits: [minute(1)] })
  for (let n = 0; n < 3; n++) await verify(key.key, { ip: '192.0.2.9' })
  await server.services.usage.flush()
  const usage = await server.call({ path: `/keys/${key.id}/usage`, key: admin() })
  expect(usage.body.days[0].counts).toEqual({ VALID: 1, RATE_LIMITED: 2 })
  expect((await server.call({ path: `/keys/${key.id}`, key: admin() })).body).toMatchObject({
    lastRefusedCode: 'RATE_LIMITED',
    lastRefusedAddress: '192.0.2.9',
  })
  const { text } = await server.call({ path: '/metrics' })
  expect(text).toMatch(/^latchkey_verdicts_total\{code="RATE_LIMITED"\} \d+$/m)
  expect(text).toMatch(/^latchkey_limit_lease_duration_seconds_count\{result="answered"\} [1-9]/m)
  expect(text).not.toMatch(/key_[0-9a-z]{20}|minute/)
})

test.each(['__proto__', 'constructor'])('a limit that is called %s counts', async (name) => {
  nextMinute()
  const key = await newKey({ rateLimits: [minute(2, name)] })
  const codes = []
  for (let n = 0; n < 3; n++) codes.push((await verify(key.key)).code)
  expect(codes).toEqual(['VALID', 'VALID', 'RATE_LIMITED'])
})

test.each<[string, number, number]>([
  ['an hour back', -HOUR_MS, 0],
  // A cell begins, as with time.
  ['a day forward, and back again', 24 * HOUR_MS, 5],
])('a clock that is set %s passes no cell twice, and none stands still', async (_what, byMs, more) => {
  nextMinute()
  const key = await newKey({ rateLimits: [minute(5)] })
  const use = async () => {
    let valid = 0
    for (let n = 0; n < 8; n++) valid += (await verify(key.key)).valid ? 1 : 0
    return valid
  }
  expect(await use()).toBe(5)
  clock.move(byMs)
  expect(await use()).toBe(more)
  if (byMs > 0) clock.move(-byMs)
  expect(await use()).toBe(0)
  // At half the pace until the clock is there again: these are two minutes.
  clock.move(4 * 60_000)
  expect(await use()).toBe(5)
  clock.move(48 * HOUR_MS)
})

test('what a server had at hand is there again when it stops, and what it used is not', async () => {
  nextMinute()
  const second = await server.join()
  const key = await newKey({ quota: { limit: 100, period: 'day' } })
  for (let n = 0; n < 5; n++) await verify(key.key, {}, second)
  await second.dispose()
  expect((await verify(key.key, { cost: 0 })).limits[0].remaining).toBe(95)
})

const window = (windowSeconds: number) => [{ name: 'a', limit: 1, windowSeconds }]

test.each<[string, object, string, RegExp]>([
  ['a name twice', { rateLimits: [minute(1), minute(2)] }, '/rateLimits/1/name', /a name of its own/],
  ['the quota’s name', { rateLimits: [minute(1, 'quota')] }, '/rateLimits/0/name', /choose another/],
  [
    'a name in capitals',
    { rateLimits: [minute(1, 'Minute')] },
    '/rateLimits/0/name',
    /U\+004D, .*\[a-z0-9_-\]/,
  ],
  [
    'a name with an umlaut',
    { rateLimits: [minute(1, 'tägig')] },
    '/rateLimits/0/name',
    /U\+00E4, .*\[a-z0-9_-\]/,
  ],
  ['no name', { rateLimits: [minute(1, '')] }, '/rateLimits/0/name', /at least 1 character/],
  ['a long name', { rateLimits: [minute(1, 'x'.repeat(33))] }, '/rateLimits/0/name', /at most 32 char/],
  ['a limit of zero', { rateLimits: [minute(0)] }, '/rateLimits/0/limit', /1 or more; got 0/],
  ['a limit beyond 10^9', { rateLimits: [minute(1e9 + 1)] }, '/rateLimits/0/limit', /1000000000 or less/],
  ['half a limit', { rateLimits: [minute(1.5)] }, '/rateLimits/0/limit', /integer/],
  ['no window', { rateLimits: window(0) }, '/rateLimits/0/windowSeconds', /1 or more; got 0/],
  ['a window of over a day', { rateLimits: window(86_401) }, '/rateLimits/0/windowSeconds', /86400 or less/],
  ['five limits', { rateLimits: [1, 2, 3, 4, 5].map((n) => minute(n, `l${n}`)) }, '/rateLimits', /at most 4/],
  ['a quota of zero', { quota: { limit: 0, period: 'day' } }, '/quota/limit', /1 or more; got 0/],
  ['a quota of a week', { quota: { limit: 1, period: 'week' } }, '/quota/period', /one of day, month/],
  ['a quota without a period', { quota: { limit: 1 } }, '/quota/period', /required/],
])(
  '%s is refused at its place, when a key is made and when it is changed',
  async (_what, fields, pointer, told) => {
    const made = await server.call({
      method: 'POST',
      path: '/keys',
      key: admin(),
      body: { userId: company.users.developer.id, ...fields },
    })
    const changed = await patch(company.users.viewer.keyId, fields)
    for (const { status, body } of [made, changed]) {
      expect(status).toBe(400)
      const fault = body.errors.find((each: Parsed) => each.pointer === pointer)
      expect(fault?.detail).toMatch(told)
    }
  },
)

test.each([-1, 1_001, 0.5, '1', null])('a cost of %j is refused', async (cost) => {
  const body = { key: (await newKey()).key, cost }
  const answer = await server.call({ method: 'POST', path: '/verify', key: admin(), body })
  if (cost === null) expect(answer.status).toBe(200)
  else expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/cost'])
})

test('while the store takes no leases limited keys cannot be verified, and others go on', async () => {
  nextMinute()
  const limited = await newKey({ rateLimits: [minute(5)] })
  const free = await newKey()
  const second = await startStopped()
  try {
    const body = { key: limited.key }
    const asked = { method: 'POST', path: '/verify', key: admin() } as const
    expect((await second.call({ ...asked, body: { key: free.key } })).body.code).toBe('VALID')
    const answer = await second.call({ ...asked, body })
    expect([answer.status, answer.body.code]).toEqual([503, 'cannot_verify'])
    expect((await second.call({ ...asked, body: { key: free.key } })).body.code).toBe('VALID')
  } finally {
    await second.dispose()
  }
})

/** A server whose leases the store refuses. */
async function startStopped(): Promise<JoinedServer> {
  const second = await server.join()
  await server.tamper('DELETE FROM key_limits')
  await server.tamper(
    server.databaseUrl === undefined
      ? "CREATE TRIGGER no_leases BEFORE INSERT ON key_limits BEGIN SELECT RAISE(ABORT, 'no'); END"
      : 'ALTER TABLE key_limits ADD CONSTRAINT no_leases CHECK (false)',
  )
  return {
    ...second,
    async dispose() {
      await second.dispose()
      await server.tamper(
        server.databaseUrl === undefined
          ? 'DROP TRIGGER no_leases'
          : 'ALTER TABLE key_limits DROP CONSTRAINT no_leases',
      )
    },
  }
}
