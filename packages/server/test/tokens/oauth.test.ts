/** The token endpoint to the letter of RFC 6749, and what RFC 8414 and RFC 7517 say of it. */
import { createPublicKey, verify } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { expectEveryAnswer, expectProblem } from '../answer-checks.ts'
import { createFakeClock } from '../fake-clock.ts'
import {
  expectCreated,
  type Parsed,
  startTestServer,
  type TestAnswer,
  type TestRequest,
  useTestServer,
} from '../harness.ts'
import { forge } from './forged-token.ts'
import { bearer, requestToken } from './issued-token.ts'

const clock = createFakeClock()

let client: { readonly id: string; readonly key: string }

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' }, { clock })

const newKey = (fields: object = {}): Promise<Parsed> =>
  expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, ...fields } })

beforeEach(async () => {
  client = await newKey({ permissions: ['keys:list', 'keys:read', 'orders:*'] })
})

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})
const grant = { grant_type: 'client_credentials' }
const inBody = (form: Readonly<Record<string, string>> = {}) =>
  requestToken(server, { ...grant, client_id: client.id, client_secret: client.key, ...form })

/** The endpoint with a body as it stands. */
const send = (text: string, request: Partial<TestRequest> = {}) =>
  server.call({
    method: 'POST',
    path: '/oauth/token',
    key: null,
    text,
    ...request,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...request.headers },
  })
const formText = (form: Readonly<Record<string, string>>) => new URLSearchParams(form).toString()
const credentials = () => formText({ client_id: client.id, client_secret: client.key })

const me = (token: string) => server.call({ path: '/me', key: null, headers: bearer(token) })

function expectNotStored(answer: TestAnswer): void {
  expectEveryAnswer(answer)
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
}

/** RFC 6749 §5.1 */
function expectToken(answer: TestAnswer): Parsed {
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 })
  expectNotStored(answer)
  expect(Object.keys(answer.body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type'])
  expect(answer.body).toMatchObject({ token_type: 'Bearer' })
  return answer.body
}

/** RFC 6749 §5.2: these two members, of these characters, and a challenge with each 401. */
function expectRefused(
  answer: TestAnswer,
  error: string,
  status = error === 'invalid_client' ? 401 : 400,
): void {
  expect({ status: answer.status, error: answer.body?.error }).toEqual({ status, error })
  expectNotStored(answer)
  expect(Object.keys(answer.body)).toEqual(['error', 'error_description'])
  expect(answer.body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Basic realm="latchkey"' : undefined)
}

describe('a token is given', () => {
  test('to a key in the body', async () => {
    const body = expectToken(await inBody())
    expect(body).toMatchObject({ expires_in: 300, scope: 'keys:list keys:read orders:*' })
    expect((await me(body.access_token)).body).toMatchObject({
      credential: { type: 'key', id: client.id, isToken: true },
      permissions: ['keys:list', 'keys:read', 'orders:*'],
    })
  })

  test.each(['Basic', 'basic', 'BASIC'])('to a key by %s', async (scheme) => {
    const { authorization } = basic(client.id, client.key)
    const headers = { authorization: authorization.replace('Basic', scheme) }
    expectToken(await requestToken(server, grant, { headers }))
  })

  test('to a key by Basic whose id is in the body too', async () => {
    const headers = basic(client.id, client.key)
    expectToken(await requestToken(server, { ...grant, client_id: client.id }, { headers }))
  })

  test('to an id and secret that are form-encoded inside Basic (§2.3.1)', async () => {
    const encoded = (text: string) => text.replaceAll('_', '%5F')
    const headers = basic(encoded(client.id), encoded(client.key))
    expectToken(await requestToken(server, grant, { headers }))
  })

  test.each(['application/x-www-form-urlencoded; charset=UTF-8', 'Application/X-WWW-Form-Urlencoded'])(
    'to a body declared as %s',
    async (type) => {
      expectToken(await send(`${formText(grant)}&${credentials()}`, { headers: { 'content-type': type } }))
    },
  )

  test('whatever unknown parameters come with it (§3.2), and empty ones are as if left out', async () => {
    const body = expectToken(await inBody({ audience: 'https://api.example.com', scope: '', resource: '' }))
    expect(body.scope).toBe('keys:list keys:read orders:*')
  })

  test('for no longer than the key', async () => {
    const expiresAt = new Date(clock.nowMs() + 90_000).toISOString()
    client = await newKey({ expiresAt })
    expect(expectToken(await inBody()).expires_in).toBe(90)
  })
})

describe('scope', () => {
  test.each([
    ['keys:list', ['keys:list']],
    ['keys:read keys:list', ['keys:list', 'keys:read']],
    ['  keys:list   keys:list ', ['keys:list']],
    ['orders:read', ['orders:read']],
    ['orders:* keys:list', ['keys:list', 'orders:*']],
  ])('%j narrows the token', async (scope, permissions) => {
    const body = expectToken(await inBody({ scope }))
    expect(body.scope.split(' ').sort()).toEqual(permissions)
    expect((await me(body.access_token)).body.permissions).toEqual(permissions)
  })

  test.each([
    ['that the key does not have', 'keys:create'],
    ['of which the key has one', 'keys:list keys:create'],
    ['that would be a whole area', 'keys:*'],
    ['that would be everything', '*'],
    ['of an application’s area the key does not have', 'invoices:read'],
    ['that is no permission', 'openid'],
    ['in upper case', 'KEYS:LIST'],
    ['of another character', 'keys:list\u00a0keys:read'],
    ['that is only spaces', '   '],
    ['with a quotation mark', 'keys:"list"'],
  ])('%s: invalid_scope', async (_, scope) => expectRefused(await inBody({ scope }), 'invalid_scope'))

  test.each(['openid', 'KEYS:LIST', 'orders', 'orders:read:all', '*:read'])(
    '%s is no permission, not even for a key that has all',
    async (scope) => {
      const admin = { client_id: server.admin.keyId, client_secret: server.adminKey }
      expectRefused(await inBody({ ...admin, scope }), 'invalid_scope')
    },
  )

  test('a token cannot be exchanged for a wider one', async () => {
    const { access_token: token } = expectToken(await inBody({ scope: 'keys:list' }))
    const body = { permissions: ['keys:read'] }
    const path = '/auth/token/short-lived'
    const answer = await server.call({ method: 'POST', path, key: null, headers: bearer(token), body })
    expect(answer.body.code).toBe('permission_escalation')
    expectRefused(await inBody({ client_secret: token }), 'invalid_client')
  })
})

describe('invalid_request', () => {
  const text = () => `${formText(grant)}&${credentials()}`
  test.each<readonly [string, () => Promise<TestAnswer>]>([
    ['nothing at all', () => send('')],
    ['no grant_type', () => send(credentials())],
    ['an empty grant_type', () => send(`grant_type=&${credentials()}`)],
    ['grant_type twice', () => send(`${text()}&${formText(grant)}`)],
    ['client_id twice', () => send(`${text()}&client_id=${client.id}`)],
    ['client_secret twice', () => send(`${text()}&client_secret=${client.key}`)],
    ['scope twice', () => send(`${text()}&scope=keys:list&scope=keys:read`)],
    ['an unknown parameter twice', () => send(`${text()}&resource=a&resource=b`)],
    ['a name twice, once in percent', () => send(`${text()}&client%5Fid=${client.id}`)],
    ['JSON', () => send(JSON.stringify(grant), { headers: { 'content-type': 'application/json' } })],
    ['plain text', () => send(text(), { headers: { 'content-type': 'text/plain' } })],
    ['multipart', () => send(text(), { headers: { 'content-type': 'multipart/form-data; boundary=x' } })],
    [
      'another charset, and bytes that mean something else in it',
      () =>
        send(`${text()}&note=\u00e9`, {
          headers: { 'content-type': 'application/x-www-form-urlencoded; charset=latin1' },
        }),
    ],
    ['Basic and a secret in the body', () => send(text(), { headers: basic(client.id, client.key) })],
    [
      'Basic and another client_id',
      () =>
        requestToken(
          server,
          { ...grant, client_id: server.admin.keyId },
          { headers: basic(client.id, client.key) },
        ),
    ],
    [
      'two Authorization headers',
      () =>
        send(formText(grant), {
          headers: { authorization: Array(2).fill(basic(client.id, client.key).authorization) },
        }),
    ],
  ])('%s', async (_, ask) => expectRefused(await ask(), 'invalid_request'))

  test('a body over 64 KiB', async () => {
    const answer = await send(`${text()}&pad=${'p'.repeat(65_536)}`)
    expectRefused(answer, 'invalid_request', 413)
    // The rest of it is not waited for.
    expect(answer.headers.connection).toBe('close')
  })
})

describe('unsupported_grant_type', () => {
  test.each(['password', 'authorization_code', 'refresh_token', 'CLIENT_CREDENTIALS', 'client_credentials '])(
    '%j',
    async (grant_type) => expectRefused(await inBody({ grant_type }), 'unsupported_grant_type'),
  )
})

describe('invalid_client', () => {
  const unknownId = () => `${client.id.slice(0, -1)}${client.id.endsWith('0') ? '1' : '0'}`
  test.each<readonly [string, () => Promise<TestAnswer>]>([
    ['no credentials', () => requestToken(server, grant)],
    ['no secret', () => requestToken(server, { ...grant, client_id: client.id })],
    ['no id', () => requestToken(server, { ...grant, client_secret: client.key })],
    [
      'credentials in the address (§2.3.1)',
      () => send(formText(grant), { path: `/oauth/token?${credentials()}` }),
    ],
    ['a key in X-API-KEY', () => send(formText(grant), { key: client.key })],
    ['a wrong secret', () => inBody({ client_secret: 'secret' })],
    ['the secret of another key', () => inBody({ client_secret: server.adminKey })],
    ['an unknown id', () => inBody({ client_id: unknownId() })],
    ['the id of another key', () => inBody({ client_id: server.admin.keyId })],
    ['the id of the user', () => inBody({ client_id: server.admin.userId })],
    ['the id in upper case', () => inBody({ client_id: client.id.toUpperCase() })],
    ['SQL for an id', () => inBody({ client_id: "' OR ''='" })],
    ['Basic with a wrong secret', () => requestToken(server, grant, { headers: basic(client.id, 'secret') })],
    [
      'Basic without a colon',
      () => requestToken(server, grant, { headers: { authorization: 'Basic eA==' } }),
    ],
    ['Basic that is no Base64', () => requestToken(server, grant, { headers: { authorization: 'Basic ~' } })],
    ['Basic with a broken percent', () => requestToken(server, grant, { headers: basic('%', '%zz') })],
    ['a Bearer key', () => requestToken(server, grant, { headers: bearer(client.key) })],
  ])('%s', async (_, ask) => expectRefused(await ask(), 'invalid_client'))

  test('the answer does not tell an unknown id from a wrong secret', async () => {
    const answers = [await inBody({ client_secret: 'x' }), await inBody({ client_id: unknownId() })]
    expect(answers[0]?.text).toBe(answers[1]?.text)
  })

  test.each<readonly [string, () => Promise<unknown>]>([
    ['deleted', () => server.call({ method: 'DELETE', path: `/keys/${client.id}` })],
    [
      'disabled',
      () => server.call({ method: 'PATCH', path: `/keys/${client.id}`, body: { enabled: false } }),
    ],
    [
      'over',
      async () => {
        client = await newKey({ expiresAt: new Date(clock.nowMs() + 1_000).toISOString() })
        clock.move(1_000)
      },
    ],
  ])('a key that is %s', async (_, act) => {
    await act()
    expectRefused(await inBody(), 'invalid_client')
  })

  test('a key from an address that it may not be used from, which the answer shows', async () => {
    client = await newKey({ whitelistedIPs: ['192.0.2.7'] })
    const form = { ...grant, client_id: client.id, client_secret: client.key }
    expectToken(await requestToken(server, form, { from: '192.0.2.7' }))
    const refused = await requestToken(server, form, { from: '198.51.100.7' })
    expectRefused(refused, 'invalid_client')
    expect(refused.body.error_description).toContain('198.51.100.7')
  })
})

test('failures are counted: the one over the limit is told to wait, and a right key still passes', async () => {
  const strict = await startTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '2' }, { clock })
  const { keyId } = strict.admin
  const ask = (client_secret: string) => requestToken(strict, { ...grant, client_id: keyId, client_secret })
  for (const status of [401, 401, 429]) expectRefused(await ask('wrong'), 'invalid_client', status)
  expect((await ask('wrong')).headers['retry-after']).toBe('60')
  expectToken(await ask(strict.adminKey))
  await strict.dispose()
})

test('only POST: everything else is a 405', async () => {
  for (const method of ['GET', 'PUT', 'DELETE'] as const) {
    const answer = await server.call({ method, path: '/oauth/token', key: null })
    expect({ status: answer.status, allow: answer.headers.allow }).toEqual({
      status: 405,
      allow: 'OPTIONS, POST',
    })
  }
})

describe('the metadata (RFC 8414)', () => {
  const metadata = async () =>
    (await server.call({ path: '/.well-known/oauth-authorization-server', key: null })).body

  test('is open to everyone and names what there is', async () => {
    expect(await metadata()).toMatchObject({
      issuer: 'http://localhost',
      token_endpoint: 'http://localhost/oauth/token',
      jwks_uri: 'http://localhost/.well-known/jwks.json',
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    })
  })

  test.each([
    ['127.0.0.1:7070', 'http://127.0.0.1:7070'],
    ['localhost:7070', 'http://localhost:7070'],
    ['LocalHost:7070', 'http://localhost:7070'],
    ['keys.internal', 'http://keys.internal'],
    ['keys.internal:80', 'http://keys.internal'],
    ['[::1]:7070', 'http://[::1]:7070'],
  ])('without LATCHKEY_PUBLIC_URL, asked at %s, names itself and its tokens %s', async (host, issuer) => {
    const path = '/.well-known/oauth-authorization-server'
    const { body } = await server.call({ path, key: null, headers: { host } })
    expect(body).toMatchObject({ issuer, token_endpoint: `${issuer}/oauth/token` })
    const form = { ...grant, client_id: client.id, client_secret: client.key }
    const byOAuth = expectToken(await requestToken(server, form, { headers: { host } })).access_token
    const short = await server.call({
      method: 'POST',
      path: '/auth/token/short-lived',
      key: client.key,
      headers: { host },
      body: { permissions: ['keys:list'] },
    })
    for (const token of [byOAuth, short.body.token]) {
      expect(claimsOf(token)).toMatchObject({ iss: issuer, aud: issuer })
      // Whoever got it under one name may use it under another.
      expect((await server.call({ path: '/me', key: null, headers: bearer(token) })).status).toBe(200)
    }
  })

  test('a name that nobody could have asked for gets no token', async () => {
    const form = { ...grant, client_id: client.id, client_secret: client.key }
    for (const host of ['a b', 'localhost:99999', 'localhost/x', 'a@localhost', "localhost'"]) {
      expect((await requestToken(server, form, { headers: { host } })).status).toBe(400)
    }
  })

  test('a token of another name does not count where LATCHKEY_PUBLIC_URL is set', async () => {
    const named = await startTestServer({ LATCHKEY_PUBLIC_URL: 'https://keys.example.com' }, { clock })
    const good = forge(named)
    const other = forge(named, { claims: { iss: 'http://localhost', aud: 'http://localhost' } })
    const me = (token: string) => named.call({ path: '/me', key: null, headers: bearer(token) })
    expect((await me(good)).status).toBe(200)
    expectProblem(await me(other), 'invalid_credentials')
    await named.dispose()
  })

  test('follows LATCHKEY_PUBLIC_URL, and the tokens do too', async () => {
    const named = await startTestServer({ LATCHKEY_PUBLIC_URL: 'https://keys.example.com' }, { clock })
    const path = '/.well-known/oauth-authorization-server'
    const { body } = await named.call({ path, key: null, headers: { host: 'evil.example.com' } })
    const form = { ...grant, client_id: named.admin.keyId, client_secret: named.adminKey }
    const { access_token: token } = expectToken(await requestToken(named, form))
    await named.dispose()
    expect(body).toMatchObject({
      issuer: 'https://keys.example.com',
      token_endpoint: 'https://keys.example.com/oauth/token',
    })
    expect(claimsOf(token)).toMatchObject({
      iss: 'https://keys.example.com',
      aud: 'https://keys.example.com',
    })
  })

  test('lists scopes that can all be granted', async () => {
    const { scopes_supported: scopes } = await metadata()
    const form = { ...grant, client_id: server.admin.keyId, client_secret: server.adminKey }
    const body = expectToken(await requestToken(server, { ...form, scope: scopes.join(' ') }))
    expect(body.scope.split(' ')).toEqual(scopes)
  })

  test('leads to the key set, with which anyone can check a token, and sign none', async () => {
    const { jwks_uri: uri, issuer } = await metadata()
    const { body } = await server.call({ path: new URL(uri).pathname, key: null })
    expect(body.keys).toHaveLength(1)
    const [jwk] = body.keys
    expect(Object.keys(jwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
    const { access_token: token } = expectToken(await inBody({ scope: 'keys:list' }))
    const [header, claims, signature] = token.split('.')
    const input = Buffer.from(`${header}.${claims}`)
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
    expect(verify(null, input, publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg: 'EdDSA',
      typ: 'at+jwt',
      kid: jwk.kid,
    })
    const nowSeconds = Math.floor(clock.nowMs() / 1_000)
    expect(claimsOf(token)).toEqual({
      iss: issuer,
      aud: issuer,
      sub: server.admin.userId,
      client_id: client.id,
      cid: server.admin.companyId,
      perms: ['keys:list'],
      scope: 'keys:list',
      ips: null,
      token_use: 'access',
      sec: 1,
      iat: nowSeconds,
      exp: nowSeconds + 300,
      jti: expect.stringMatching(/^[\w-]{22}$/),
    })
  })
})

const claimsOf = (token: string): Parsed =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
