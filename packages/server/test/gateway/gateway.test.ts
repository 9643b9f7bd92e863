/** The endpoints for gateways: one contract, whatever the gateway sends and however it reads the answer. */
import { rmSync } from 'node:fs'
import { METHODS } from 'node:http'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  startTestServer,
  type TestAnswer,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../harness.ts'
import { readRecorded, sendOverWire } from './recorded-request.ts'
import { denied, expectDocumented, expectEveryHeader, VERDICT_HEADERS, verdictOf } from './verdict-checks.ts'

const ENDPOINTS = [
  '/gateway/check',
  '/gateway/nginx',
  '/gateway/envoy',
  '/gateway/envoy/api/orders/7?id=7',
] as const
/** CONNECT is for tunnels, and no gateway asks with it. */
const ANY_METHOD = METHODS.filter((method) => method !== 'CONNECT')

const GATEWAY = '192.0.2.10'
const CLIENT = '198.51.100.7'

let port: number
let company: TestCompany
let other: TestCompany
/** Restricted to CLIENT, with one permission of the application. */
let restricted: Parsed
let unused = 0

const server = useTestServer({
  LATCHKEY_TRUSTED_PROXIES: `127.0.0.1/32, ${GATEWAY}/32`,
  LATCHKEY_FAILED_AUTH_PER_MINUTE: '3',
})
beforeAll(async () => {
  const address = await server.app.listen({ port: 0, host: '127.0.0.1' })
  port = address.port
  company = await createTestCompany(server)
  other = await createTestCompany(server)
  restricted = await expectCreated(server, {
    path: '/keys',
    body: { userId: company.users.developer.id, whitelistedIPs: [CLIENT], permissions: ['orders:read'] },
    headers: { 'x-company-id': company.id },
  })
})

/** As a gateway that is known by its address asks. */
function ask(path: string, key: string | null, request: Partial<TestRequest> = {}): Promise<TestAnswer> {
  const headers = { 'x-forwarded-for': CLIENT, ...request.headers }
  return server.call({ path, key, from: GATEWAY, ...request, headers })
}

/** A client's address that no test has failed from yet. */
const freshClient = () => `203.0.113.${++unused}`

const allowed = () => ({
  status: '200',
  error: '-',
  'key-id': restricted.id,
  'user-id': company.users.developer.id,
  'company-id': company.id,
  permissions: 'keys:create keys:delete keys:list keys:read keys:rotate keys:update orders:read',
  mode: 'live',
  'replace-by': '-',
})

describe.each(ENDPOINTS)('%s', (path) => {
  test('answers a good key with exactly 200, no body, and who it is', async () => {
    const answer = await ask(path, restricted.key)
    expect(answer).toMatchObject({ status: 200, text: '' })
    expect(verdictOf(answer)).toEqual({ ...allowed(), permissions: 'orders:read' })
    expectEveryHeader(answer)
    expectDocumented(path, answer)
  })

  test('takes a key as a bearer token too', async () => {
    const headers = { authorization: `Bearer ${restricted.key}` }
    const answer = await ask(path, null, { headers })
    expect(verdictOf(answer)).toMatchObject({ status: '200', 'key-id': restricted.id })
  })

  test.each(ANY_METHOD)('answers %s as it answers GET', async (method) => {
    const headers = ['Host', 'localhost', 'X-Forwarded-For', CLIENT]
    const yes = await sendOverWire(port, {
      method,
      path,
      headers: [...headers, 'X-API-KEY', restricted.key],
    })
    expect(yes).toMatchObject({ status: 200, text: '' })
    expect(verdictOf(yes)).toMatchObject({ status: '200', 'key-id': restricted.id })
    const no = await sendOverWire(port, { method, path, headers })
    expect(no.status).toBe(401)
    expect(verdictOf(no)).toEqual(denied(401, 'missing_credentials'))
    if (method === 'HEAD') expect(no.text).toBe('')
  })

  test('answers no credential with 401 and the challenge without an error', async () => {
    const answer = await ask(path, null)
    expectProblem(answer, 'missing_credentials')
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="latchkey"')
    expect(verdictOf(answer)).toEqual(denied(401, 'missing_credentials'))
    expectEveryHeader(answer)
    expectDocumented(path, answer)
  })

  test('answers a wrong credential with 401 and a challenge', async () => {
    const answer = await ask(path, 'nonsense', { headers: { 'x-forwarded-for': freshClient() } })
    expectProblem(answer, 'invalid_credentials')
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="latchkey", error="invalid_token"/)
    expect(verdictOf(answer)).toEqual(denied(401, 'invalid_credentials'))
    expectEveryHeader(answer)
  })

  test('answers a wrong address with 403', async () => {
    const answer = await ask(path, restricted.key, { headers: { 'x-forwarded-for': '198.51.100.8' } })
    expectProblem(answer, 'ip_not_allowed')
    expect(verdictOf(answer)).toEqual(denied(403, 'ip_not_allowed'))
    expectEveryHeader(answer)
    expectDocumented(path, answer)
  })

  test('answers too many failures with when to come back, as a status the gateway understands', async () => {
    const headers = { 'x-forwarded-for': freshClient() }
    for (let failures = 0; failures < 3; failures++) {
      expectProblem(await ask(path, 'nonsense', { headers }), 'invalid_credentials')
    }
    const answer = await ask(path, 'nonsense', { headers })
    expect(answer.status).toBe(path === '/gateway/nginx' ? 403 : 429)
    expect(answer.body).toMatchObject({ code: 'rate_limited', status: 429 })
    expect(verdictOf(answer)).toEqual(denied(429, 'rate_limited'))
    expect(String(answer.headers['retry-after'])).toMatch(/^([1-9]|[1-5]\d|60)$/)
    expect(answer.headers['x-auth-retry-after']).toBe(answer.headers['retry-after'])
    expectEveryHeader(answer)
    expectDocumented(path, answer)
    const good = await ask(path, company.users.viewer.key, { headers })
    expect(good.status).toBe(200)
  })

  test('does not read a body, whatever it is', async () => {
    for (const [type, text] of [
      ['application/json', '{"a":'],
      ['application/octet-stream', 'x'.repeat(100_000)],
      ['multipart/form-data', '--'],
    ] as const) {
      const headers = { 'content-type': type, accept: 'image/png' }
      expect(await ask(path, restricted.key, { method: 'POST', text, headers })).toMatchObject({
        status: 200,
      })
    }
  })

  test.each([
    ['no Host', []],
    ['two of them', ['Host', 'localhost', 'Host', 'localhost']],
    [
      'more headers than are allowed',
      ['Host', 'localhost', ...Array.from({ length: 63 }, (_, n) => [`X-H-${n}`, '']).flat()],
    ],
    ['a key sent twice', ['Host', 'localhost', 'X-API-KEY', 'a', 'X-API-KEY', 'a']],
    ['two different credentials', ['Host', 'localhost', 'X-API-KEY', 'a', 'Authorization', 'Bearer b']],
  ])('answers a malformed request (%s) as a refusal, with every header', async (_what, headers) => {
    const answer = await sendOverWire(port, { method: 'GET', path, headers })
    expect(answer.status).toBe(401)
    expect(verdictOf(answer)).toEqual(denied(401, 'invalid_credentials'))
    expect(answer.headers['www-authenticate']).toContain('Bearer realm="latchkey"')
    expectEveryHeader(answer)
  })
})

describe('the permission a gateway asks for', () => {
  const reading = 'permission=orders:read'
  test.each([
    ['one that the key has', `/gateway/check?${reading}`, 200],
    ['one that it lacks', '/gateway/check?permission=orders:write', 403],
    ['one of two that it lacks', `/gateway/check?${reading}&permission=orders:write`, 403],
    ['one that it lacks, through nginx', '/gateway/nginx?permission=orders:write', 403],
    ['one that it lacks, through Envoy', '/gateway/envoy?permission=orders:write&path=/api', 403],
    ['a pattern, which is a mistake of the configuration', '/gateway/check?permission=orders:*', 403],
    ['no permission at all', '/gateway/check?permission=', 403],
    ['one that Envoy’s client cannot change', `/gateway/envoy?${reading}&path=/api?permission=a:b`, 200],
    ['one that is percent-encoded', '/gateway/check?permission=orders%3Aread', 200],
  ])('%s', async (_what, path, status) => {
    const answer = await ask(path, restricted.key)
    expect(answer.status).toBe(status)
    expect(verdictOf(answer)).toMatchObject(
      status === 200 ? { status: '200', 'key-id': restricted.id } : denied(403, 'missing_permission'),
    )
    expectEveryHeader(answer)
  })

  test.each(['*', 'orders:*', 'Orders:read', ''])(
    'is a mistake when it is %j, whatever the key may do',
    async (text) => {
      const answer = await ask(`/gateway/check?permission=${text}`, server.adminKey)
      expectProblem(answer, 'missing_permission')
      expect(answer.body.detail).toContain('check its configured URI')
    },
  )

  test('is never read from a header or a body', async () => {
    const headers = { 'x-permission': 'orders:write', 'x-auth-permissions': '*', permission: 'orders:write' }
    const body = { permission: 'orders:write' }
    const answer = await ask(`/gateway/check?${reading}`, restricted.key, { method: 'POST', headers, body })
    expect(answer.status).toBe(200)
    expect(verdictOf(answer)).toMatchObject({ permissions: 'orders:read' })
  })
})

describe('a path behind /gateway/envoy', () => {
  test.each([
    '/',
    '//api',
    '/api/',
    `/${'a'.repeat(5_000)}`,
    '/%20%F0%9F%94%91',
    '/%zz',
    '/caf%e9?x=%',
    '/../../keys',
    '/*',
    '/gateway/check',
  ])('%s does not matter', async (suffix) => {
    const headers = ['Host', 'localhost', 'X-Forwarded-For', CLIENT]
    const wire = { method: 'GET', path: `/gateway/envoy${suffix}` }
    const yes = await sendOverWire(port, { ...wire, headers: [...headers, 'X-API-KEY', restricted.key] })
    expect(yes.status).toBe(200)
    expect((await sendOverWire(port, { ...wire, headers })).status).toBe(401)
  })
})

describe('headers of a client', () => {
  test('named X-Auth-* have no effect on the answer', async () => {
    const headers = Object.fromEntries(VERDICT_HEADERS.map((name) => [name, '200']))
    const yes = await ask('/gateway/check', restricted.key, { headers })
    expect(verdictOf(yes)).toEqual({ ...allowed(), permissions: 'orders:read' })
    expect(verdictOf(await ask('/gateway/check', null, { headers }))).toEqual(
      denied(401, 'missing_credentials'),
    )
  })

  test('X-Forwarded-For before what the gateway added does not make an address', async () => {
    const spoofed = { 'x-forwarded-for': `${CLIENT}, 198.51.100.99` }
    expectProblem(await ask('/gateway/check', restricted.key, { headers: spoofed }), 'ip_not_allowed')
  })

  test('X-Forwarded-For that is no address leaves it unknown, and a restricted key refused', async () => {
    const headers = { 'x-forwarded-for': 'localhost' }
    expectProblem(await ask('/gateway/check', restricted.key, { headers }), 'client_ip_unknown')
  })
})

describe('a request shaped as the gateway sends it', () => {
  const uriOf = (name: string) => (name === 'envoy' ? '/gateway/envoy?path=' : '/gateway/check')
  test.each(['nginx', 'haproxy', 'traefik', 'caddy', 'envoy', 'apisix-get', 'apisix-post'])(
    '%s: is allowed for the client behind it, and for no other',
    async (name) => {
      const from = (client: string, secret: string) =>
        sendOverWire(port, readRecorded(name, { client, secret, uri: uriOf(name) }))
      const yes = await from(CLIENT, restricted.key)
      expect(yes).toMatchObject({ status: 200, text: '' })
      expect(verdictOf(yes)).toEqual({ ...allowed(), permissions: 'orders:read' })
      const no = await from('198.51.100.8', restricted.key)
      expect(no.status).toBe(403)
      expect(verdictOf(no)).toEqual(denied(403, 'ip_not_allowed'))
      const unknown = await from(freshClient(), 'lk_live_wrong')
      expect(unknown.status).toBe(401)
      expect(verdictOf(unknown)).toEqual(denied(401, 'invalid_credentials'))
    },
  )
})

describe('a gateway', () => {
  const STRANGER = '192.0.2.99'
  /** As a gateway that stands somewhere unknown, with a token in its URI or in a header. */
  const askAs = (token: string, where: 'uri' | 'header', key: string, headers: Record<string, string> = {}) =>
    server.call({
      path: where === 'uri' ? `/gateway/check?gatewayToken=${token}` : '/gateway/check',
      key,
      from: STRANGER,
      headers: {
        'x-forwarded-for': CLIENT,
        ...(where === 'header' ? { 'x-gateway-token': token } : {}),
        ...headers,
      },
    })

  test('without token or known address learns nothing: good and bad keys get one answer', async () => {
    const details: unknown[] = []
    for (const key of [restricted.key, 'nonsense', null]) {
      const answer = await ask('/gateway/check', key, { from: STRANGER })
      details.push(expectProblem(answer, 'missing_permission').detail)
      expect(verdictOf(answer)).toEqual(denied(403, 'missing_permission'))
      expectEveryHeader(answer)
    }
    expect(new Set(details).size).toBe(1)
  })

  test.each(['uri', 'header'] as const)('proves itself by a token in its %s', async (where) => {
    const answer = await askAs(company.users.admin.key, where, restricted.key)
    expect(verdictOf(answer)).toMatchObject({ status: '200', 'key-id': restricted.id })
  })

  test('of the operator sees every company’s keys, a company’s own only that company’s', async () => {
    const { key } = other.users.viewer
    expect((await askAs(server.adminKey, 'header', key)).status).toBe(200)
    const foreign = await askAs(company.users.admin.key, 'header', key)
    const unknown = await askAs(company.users.admin.key, 'header', `${key.slice(0, -6)}000000`)
    for (const answer of [foreign, unknown]) {
      expectProblem(answer, 'invalid_credentials')
      expect(verdictOf(answer)).toEqual(denied(401, 'invalid_credentials'))
    }
    expect({ ...foreign.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' })
  })

  test('learns nothing of another company’s key, not even that it was deleted', async () => {
    const gone = await expectCreated(server, {
      path: '/keys',
      body: { userId: other.users.viewer.id },
      headers: { 'x-company-id': other.id },
    })
    await server.call({ method: 'DELETE', path: `/keys/${gone.id}`, headers: { 'x-company-id': other.id } })
    const headers = { 'x-forwarded-for': freshClient() }
    expectProblem(await askAs(company.users.admin.key, 'header', gone.key, headers), 'invalid_credentials')
    expectProblem(await askAs(server.adminKey, 'header', gone.key, headers), 'key_inactive')
  })

  test.each([
    ['of nobody', () => 'nonsense'],
    ['without keys:verify', () => company.users.developer.key],
    ['that may not be used from there', () => restricted.key],
  ])('with a token %s is refused by 403: the client is not challenged', async (_what, token) => {
    for (const where of ['uri', 'header'] as const) {
      const answer = await askAs(token(), where, company.users.viewer.key)
      expectProblem(answer, 'missing_permission')
      expect(answer.headers['www-authenticate']).toBeUndefined()
      expect(verdictOf(answer)).toEqual(denied(403, 'missing_permission'))
    }
  })

  test('cannot be given another token by its client', async () => {
    const mine = company.users.admin.key
    const theirs = other.users.admin.key
    const spoofed = await askAs(mine, 'uri', other.users.viewer.key, { 'x-gateway-token': theirs })
    expectProblem(spoofed, 'missing_permission')
    const lines = ['Host', 'localhost', 'X-API-KEY', other.users.viewer.key, 'X-Gateway-Token', theirs]
    const wire = { method: 'GET', path: '/gateway/check', headers: [...lines, 'X-Gateway-Token', mine] }
    expect((await sendOverWire(port, wire)).status).toBe(403)
    // Behind Envoy's prefix it is the client's own query, and as what the gateway asks stays what it was.
    for (const path of [
      `/gateway/envoy/api?gatewayToken=${theirs}`,
      `/gateway/envoy?path=/api?gatewayToken=${theirs}`,
    ]) {
      const headers = ['Host', 'localhost', 'X-API-KEY', other.users.viewer.key, 'X-Gateway-Token', mine]
      expect((await sendOverWire(port, { ...wire, path, headers })).status).toBe(401)
    }
  })

  test('leaves neither its token nor the client’s secret in the log', async () => {
    await askAs(company.users.admin.key, 'uri', restricted.key)
    const written = server.logged.join('\n')
    expect(written).toContain('/gateway/check')
    expect(written).not.toContain(company.users.admin.key)
    expect(written).not.toContain(restricted.key)
  })
})

test('when freshness cannot be proven the answer is 5xx, with every header and nobody named', async () => {
  const broken = await startTestServer({ LATCHKEY_TRUSTED_PROXIES: '127.0.0.0/8' })
  const key = broken.adminKey
  await broken.services.engine.close()
  for (const path of ENDPOINTS) {
    const answer = await broken.call({ path, key })
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(verdictOf(answer)).toEqual(denied(answer.status, answer.body.code))
    expectEveryHeader(answer)
  }
  await broken.app.close()
  // Its store is closed already, which `dispose` would do.
  rmSync(broken.dataDir, { recursive: true, force: true })
})
