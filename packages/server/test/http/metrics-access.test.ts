/** What the figures of a deployment tell is for those who run it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import {
  createTestCompany,
  expectCreated,
  startTestServer,
  type TestCompany,
  type TestRequest,
  type TestService,
} from '../harness.ts'

let server: TestService
let behindProxy: TestService
let company: TestCompany

beforeAll(async () => {
  server = await startTestServer({ LATCHKEY_METRICS_FROM: '127.0.0.1, 192.0.2.0/24,2001:db8::/64' })
  behindProxy = await startTestServer({ LATCHKEY_TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8' })
  company = await createTestCompany(server)
})
afterAll(() => Promise.all([server.dispose(), behindProxy.dispose()]))

const scrape = (service: TestService, request: Partial<TestRequest>) =>
  service.call({ path: '/metrics', key: null, ...request })

test.each(['127.0.0.1', '::ffff:127.0.0.1', '192.0.2.255', '2001:db8::7', '::ffff:192.0.2.7'])(
  'from %s, which the setting names: read',
  async (from) => {
    const answer = await scrape(server, { from })
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('latchkey_request_duration_seconds')
  },
)

test.each(['127.0.0.2', '::1', '192.0.3.0', '2001:db8:0:1::7', '203.0.113.9', '::ffff:203.0.113.9'])(
  'from %s, which it does not name: 403 that names setting and address',
  async (from) => {
    for (const path of ['/metrics', '/metrics/', '/metrics?x=1']) {
      const { detail } = expectProblem(await scrape(server, { from, path }), 'ip_not_allowed')
      expect(detail).toContain('LATCHKEY_METRICS_FROM')
      expect(detail).toContain(from.replace('::ffff:', ''))
    }
    expect((await scrape(server, { from, method: 'HEAD' })).status).toBe(403)
  },
)

test.each(['127.0.0.1', '127.9.9.9', '::1'])('without the setting: from %s', async (from) => {
  expect((await scrape(behindProxy, { from })).status).toBe(200)
})

describe('through a proxy', () => {
  test.each([
    ['a stranger', { 'x-forwarded-for': '203.0.113.9' }, 'ip_not_allowed'],
    ['a stranger who says to be here', { 'x-forwarded-for': '127.0.0.1, 203.0.113.9' }, 'ip_not_allowed'],
    ['a text that is no address', { 'x-forwarded-for': 'unknown' }, 'client_ip_unknown'],
  ] as const)('%s is refused', async (_, headers, code) => {
    expectProblem(await scrape(behindProxy, { headers }), code)
  })

  test.each(['forwarded', 'x-real-ip', 'via'])('that names its client by %s alone: refused', async (name) => {
    expectProblem(await scrape(behindProxy, { headers: { [name]: '203.0.113.9' } }), 'ip_not_allowed')
    const headers = { [name]: '203.0.113.9', 'x-forwarded-for': '127.0.0.1' }
    expect((await scrape(behindProxy, { headers })).status).toBe(200)
  })

  test('the machine itself is not', async () => {
    expect((await scrape(behindProxy, { headers: { 'x-forwarded-for': '127.0.0.1' } })).status).toBe(200)
  })

  test.each(['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'])(
    'that is not trusted and says so with %s: refused, whoever asks',
    async (name) => {
      const { detail } = expectProblem(
        await scrape(server, { headers: { [name]: '127.0.0.1' } }),
        'ip_not_allowed',
      )
      expect(detail).toContain('LATCHKEY_TRUSTED_PROXIES')
    },
  )
})

describe('with a credential, from anywhere', () => {
  const from = '203.0.113.9'

  test('of the operator with companies:read: read, as X-API-KEY and as bearer', async () => {
    const { key } = await expectCreated(server, {
      path: '/keys',
      body: { userId: server.admin.userId, permissions: ['companies:read'] },
    })
    expect((await scrape(server, { from, key })).status).toBe(200)
    expect((await scrape(server, { from, headers: { authorization: `Bearer ${key}` } })).status).toBe(200)
    const restricted = await expectCreated(server, {
      path: '/keys',
      body: { userId: server.admin.userId, permissions: ['companies:read'], whitelistedIPs: ['192.0.2.1'] },
    })
    expectProblem(await scrape(server, { from, key: restricted.key }), 'ip_not_allowed')
  })

  test.each([
    ['of the operator without it', ['keys:list', 'audit:read', 'companies:list']],
    ['of the operator with all but companies', ['keys:*', 'users:*', 'audit:*']],
  ])('%s: 403', async (_, permissions) => {
    const { key } = await expectCreated(server, {
      path: '/keys',
      body: { userId: server.admin.userId, permissions },
    })
    expectProblem(await scrape(server, { from, key }), 'missing_permission')
  })

  test('of another company’s owner: 403', async () => {
    expectProblem(await scrape(server, { from, key: company.users.owner.key }), 'missing_permission')
  })

  test('that is none: 401', async () => {
    expectProblem(await scrape(server, { from, key: 'lk_live_no' }), 'invalid_credentials')
    expectProblem(
      await scrape(server, { from, headers: { authorization: 'Basic YTpi' } }),
      'invalid_credentials',
    )
  })

  test('from where it may be read none is looked at: a scraper may send what it likes', async () => {
    expect((await scrape(server, { key: 'lk_live_no' })).status).toBe(200)
  })
})

test.each(['0.0.0.0/0,::/0', '0.0.0.0/0'])('open to everybody when it says so: %s', async (everywhere) => {
  const open = await startTestServer({ LATCHKEY_METRICS_FROM: everywhere })
  try {
    expect((await scrape(open, { from: '203.0.113.9' })).status).toBe(200)
  } finally {
    await open.dispose()
  }
})

test.each(['/docs', '/openapi.json', '/errors', '/healthz', '/readyz?verbose', '/.well-known/jwks.json'])(
  '%s tells a stranger nothing about this deployment but that it is there',
  async (path) => {
    const answer = await server.call({ path, key: null, from: '203.0.113.9', headers: { accept: '*/*' } })
    expect(answer.status).toBe(200)
    for (const own of [
      server.dataDir,
      company.id,
      server.admin.companyId,
      server.admin.userId,
      server.databaseUrl,
    ]) {
      if (own !== undefined) expect(answer.text).not.toContain(own)
    }
  },
)
