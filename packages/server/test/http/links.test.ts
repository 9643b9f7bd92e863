/** Every link of every answer leads back to where the caller came from: scheme, host, and the path of the public URL. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { isConsoleBuilt } from '../../src/http/console/files.ts'
import { expectCreated, startTestServer, type TestAnswer, type TestService } from '../harness.ts'
import { requestToken } from '../tokens/issued-token.ts'

const PROXY = '10.1.2.3'
const twoKeys = (service: TestService) =>
  expectCreated(service, { path: '/keys', body: { userId: service.admin.userId } })

describe('what a trusted proxy forwards', () => {
  let server: TestService
  beforeAll(async () => {
    server = await startTestServer({ LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/8' })
    await twoKeys(server)
  })
  afterAll(() => server.dispose())

  const originSeen = async (headers: Record<string, string | string[]>, from = PROXY) => {
    const all = { host: 'own.example:7070', ...headers }
    const { body } = await server.call({ path: '/keys?limit=1', headers: all, from })
    return new URL(body.nextUrl).origin
  }

  test.each<readonly [string | string[], string]>([
    ['https', 'https:'],
    ['HTTPS', 'https:'],
    [' https ', 'https:'],
    ['https,http', 'https:'],
    ['https, http, http', 'https:'],
    [['https', 'http'], 'https:'],
    [['https, http', 'http'], 'https:'],
    [', https', 'https:'],
    ['http,https', 'http:'],
    [['http', 'https'], 'http:'],
    ['http', 'http:'],
    ['httpsx', 'http:'],
    ['', 'http:'],
  ])('X-Forwarded-Proto %j is %s', async (value, scheme) => {
    expect(new URL(await originSeen({ 'x-forwarded-proto': value })).protocol).toBe(scheme)
  })

  test.each<readonly [string | string[], string]>([
    ['keys.example.com', 'keys.example.com'],
    ['keys.example.com, inner.example', 'keys.example.com'],
    ['keys.example.com:8443,inner.example', 'keys.example.com:8443'],
    [['keys.example.com', 'inner.example'], 'keys.example.com'],
    [' keys.example.com ', 'keys.example.com'],
    ['[2001:db8::1]:8443, inner', '[2001:db8::1]:8443'],
    [',keys.example.com', 'keys.example.com'],
    ['evil.example/path, keys.example.com', 'own.example:7070'],
    ['user@evil.example', 'own.example:7070'],
    ['a b, keys.example.com', 'own.example:7070'],
    ['', 'own.example:7070'],
  ])('X-Forwarded-Host %j is %s', async (value, host) => {
    expect(new URL(await originSeen({ 'x-forwarded-host': value })).host).toBe(host)
  })

  test('no other header says where the caller was, and nobody else may', async () => {
    const others = {
      forwarded: 'proto=https;host=evil.example',
      'x-forwarded-port': '8443, 80',
      'x-forwarded-prefix': '/evil',
      'x-forwarded-ssl': 'on',
      'x-original-host': 'evil.example',
      'x-forwarded-server': 'evil.example',
    }
    expect(await originSeen(others)).toBe('http://own.example:7070')
    const forged = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' }
    expect(await originSeen(forged, '203.0.113.9')).toBe('http://own.example:7070')
  })
})

describe('with a path in LATCHKEY_PUBLIC_URL', () => {
  const BASE = 'https://example.com/tools/latchkey'
  let server: TestService
  beforeAll(async () => {
    server = await startTestServer({ LATCHKEY_PUBLIC_URL: `${BASE}/` })
    await twoKeys(server)
  })
  afterAll(() => server.dispose())

  test('links of lists begin with it, in the body and in Link', async () => {
    for (const path of ['/keys?limit=1', '/users?limit=1', '/audit?limit=1', '/companies?limit=1']) {
      const { body, headers } = await server.call({ path })
      const start = `${BASE}${path.split('?')[0]}?`
      if (body.nextUrl !== null) expect(body.nextUrl).toMatch(new RegExp(`^${start.replace('?', '\\?')}`))
      expect(String(headers.link ?? `<${start}`)).toContain(`<${start}`)
    }
    const { body } = await server.call({ path: '/keys?limit=1' })
    const { pathname, search } = new URL(body.nextUrl)
    // What the proxy cuts off.
    const followed = await server.call({ path: `${pathname.replace('/tools/latchkey', '')}${search}` })
    expect(followed.body.previousUrl).toMatch(`${BASE}/keys?`)
  })

  test('so does Location, of a first answer and of its replay', async () => {
    const create = () =>
      server.call({
        method: 'POST',
        path: '/keys',
        body: { userId: server.admin.userId },
        headers: { 'idempotency-key': 'links' },
      })
    const [first, replayed] = [await create(), await create()]
    expect(replayed.headers['idempotent-replayed']).toBe('true')
    for (const { headers, body } of [first, replayed]) {
      expect(headers.location).toBe(`/tools/latchkey/keys/${body.id}`)
    }
    const user = { path: '/users', body: { name: 'Ada', role: 'viewer' } }
    const made = await server.call({ method: 'POST', ...user })
    expect(made.headers.location).toBe(`/tools/latchkey/users/${made.body.id}`)
    const root = await server.call({ path: '/', key: null, headers: { accept: 'text/html' } })
    expect(root).toMatchObject({
      status: 302,
      headers: { location: expect.stringMatching(/^\/tools\/latchkey\/(?:console|docs)$/) },
    })
  })

  test('so does the type of every problem', async () => {
    const answers: TestAnswer[] = [
      await server.call({ path: '/me', key: null }),
      await server.call({ path: '/keys?x=1' }),
      await server.call({ path: '/nowhere' }),
      await server.call({ method: 'DELETE', path: '/keys' }),
      await server.call({ path: '/gateway/check', key: null }),
      await server.call({ path: '/keys', headers: { host: 'a b' } }),
    ]
    for (const { body } of answers) expect(body.type).toBe(`/tools/latchkey/errors/${body.code}`)
  })

  test('also of what never became a request', async () => {
    const { port } = await server.app.listen({ host: '127.0.0.1', port: 0 })
    const text = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      let received = ''
      socket.on('data', (chunk) => {
        received += chunk
      })
      socket.on('close', () => resolve(received))
      socket.write('nonsense\r\n\r\n')
    })
    expect(text).toContain('"type":"/tools/latchkey/errors/malformed_request"')
  })

  test('so does what a refusal tells to look at', async () => {
    const detailAt = async (path: string) => (await server.call({ path, key: null })).body.detail
    for (const path of ['/', '/nowhere']) expect(await detailAt(path)).toContain('see /tools/latchkey/docs.')
    expect(await detailAt('/errors/nothing')).toContain('see /tools/latchkey/errors.')
  })

  test('so do all the links of all the pages', async () => {
    const pages = ['/docs', '/errors', '/errors/route_not_found', ...(isConsoleBuilt() ? ['/console'] : [])]
    for (const path of pages) {
      const { text } = await server.call({ path, key: null })
      // A path in words would be one of another service.
      expect(text).not.toMatch(/\bsee \//i)
      const links = [...text.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, link]) => link!)
      expect(links.length).toBeGreaterThan(3)
      for (const link of links) expect(link).toMatch(/^(#|https:\/\/|\/tools\/latchkey\/)/)
      for (const link of links.filter((one) => one.startsWith('/'))) {
        const own = new URL(link, BASE).pathname.replace('/tools/latchkey', '')
        expect({ link, status: (await server.call({ path: own, key: null })).status }).toEqual({
          link,
          status: 200,
        })
      }
    }
  })

  test('openapi.json says that its paths begin there', async () => {
    const { servers, components } = (await server.call({ path: '/openapi.json' })).body
    expect(servers[0].url).toBe('/tools/latchkey')
    // A client that went by another one would send a key to whatever else is on that host.
    const { tokenUrl } = components.securitySchemes.oauth2.flows.clientCredentials
    expect(tokenUrl).toBe('/tools/latchkey/oauth/token')
  })

  test('tokens are from there, and OAuth clients find everything there', async () => {
    // RFC 8414 §3.1, beside what most clients do.
    for (const path of ['', '/tools/latchkey']) {
      const found = await server.call({ path: `/.well-known/oauth-authorization-server${path}`, key: null })
      expect(found.body).toMatchObject({
        issuer: BASE,
        token_endpoint: `${BASE}/oauth/token`,
        jwks_uri: `${BASE}/.well-known/jwks.json`,
        service_documentation: `${BASE}/docs`,
      })
    }
    const client = { client_id: server.admin.keyId, client_secret: server.adminKey }
    const token = await requestToken(server, { grant_type: 'client_credentials', ...client })
    const headers = { authorization: `Bearer ${token.body.access_token}` }
    expect((await server.call({ path: '/me', key: null, headers })).status).toBe(200)
    const [, claims = ''] = String(token.body.access_token).split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ iss: BASE })
  })

  test('a proxy that does not cut it off is told to', async () => {
    for (const path of ['/tools/latchkey', '/tools/latchkey/', '/tools/latchkey/keys']) {
      const { status, body } = await server.call({ path })
      expect({ status, detail: body.detail }).toEqual({
        status: 404,
        detail: expect.stringContaining('for the proxy to cut off'),
      })
    }
    expect((await server.call({ path: '/tools/latchkeys' })).body.detail).not.toContain('cut off')
  })
})

describe('LATCHKEY_PUBLIC_URL', () => {
  const parsed = (text: string) => readConfig({ LATCHKEY_PUBLIC_URL: text }).config.publicUrl

  test.each([
    ['https://keys.example.com', 'https://keys.example.com'],
    ['https://keys.example.com/', 'https://keys.example.com'],
    ['http://127.0.0.1:7070', 'http://127.0.0.1:7070'],
    ['http://[::1]:7070', 'http://[::1]:7070'],
    ['https://example.com/latchkey', 'https://example.com/latchkey'],
    ['HTTPS://EXAMPLE.COM', 'https://example.com'],
    ['https://example.com:8443/a/b-c_d~e.f/', 'https://example.com:8443/a/b-c_d~e.f'],
  ])('%s is %s', (text, expected) => {
    expect(parsed(text)).toBe(expected)
  })

  test.each([
    'example.com',
    'ftp://example.com',
    'https://example.com?x',
    'https://example.com/a?x',
    'https://example.com/a#x',
    'https://example.com//a',
    'https://example.com/a//b',
    'https://example.com/a/../b',
    'https://example.com/./b',
    'https://example.com/.well-known',
    'https://example.com/a%20b',
    'https://example.com/a b',
    'https://example.com/ü',
    'https://example.com/"',
    'https://example.com/:id',
    'https://example.com/*',
    'https://user:hunter2@example.com/a',
    'https://hunter2@example.com',
  ])('%s is refused, without what may be a password', (text) => {
    expect(() => parsed(text)).toThrow(/LATCHKEY_PUBLIC_URL must be a URL such as https:/)
    expect(() => parsed(text)).not.toThrow(/hunter2/)
  })
})

describe('the commands of the reference', () => {
  const commandsAt = async (server: TestService, headers: Readonly<Record<string, string>>) => {
    const { text } = await server.call({ path: '/docs', key: null, headers })
    return new Set(text.match(/https?:\/\/[^\s/<&"]+/g))
  }

  test('go to where the page was asked for', async () => {
    const server = await startTestServer()
    try {
      expect(await commandsAt(server, { host: '127.0.0.1:7171' })).toEqual(new Set(['http://127.0.0.1:7171']))
      expect(await commandsAt(server, { host: 'keys.example:8080' })).toEqual(
        new Set(['http://keys.example:8080']),
      )
    } finally {
      await server.dispose()
    }
  })

  test('go to the public address where one is set', async () => {
    const server = await startTestServer({ LATCHKEY_PUBLIC_URL: 'https://keys.example/latchkey' })
    try {
      const { text } = await server.call({ path: '/docs', key: null })
      expect(text).toContain('curl https://keys.example/latchkey/keys')
      expect(text).not.toContain('localhost')
    } finally {
      await server.dispose()
    }
  })

  test('the icon that browsers ask for is there', async () => {
    const server = await startTestServer()
    try {
      const { status, headers } = await server.call({
        path: '/favicon.ico',
        key: null,
        headers: { accept: 'image/*' },
      })
      expect([status, headers['content-type']]).toEqual([200, 'image/svg+xml'])
    } finally {
      await server.dispose()
    }
  })
})
