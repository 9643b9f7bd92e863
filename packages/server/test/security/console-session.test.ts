import { describe, expect, test } from 'vitest'
import { makeConsoleLinkOnHost } from '../../src/host/console-link-on-host.ts'
import { createFakeClock } from '../fake-clock.ts'
import { startTestServer, type TestAnswer, type TestRequest, useTestServer } from '../harness.ts'

const MINUTE_MS = 60_000
const EMAIL = 'ada@example.com'
const PASSWORD = 'correct horse battery staple'
const CONSOLE = { 'x-latchkey-console': '1', 'sec-fetch-site': 'same-origin', host: 'localhost' }
const SETUP = { companyName: 'Analytical Engines', name: 'Ada', email: EMAIL, password: PASSWORD }

const clock = createFakeClock()

const send = (request: TestRequest) =>
  server.call({ key: null, ...request, headers: { ...CONSOLE, ...request.headers } })
const cookieOf = ({ headers }: TestAnswer) => String(headers['set-cookie']).split(';')[0]!
const signIn = async () => {
  const answer = await send({
    method: 'POST',
    path: '/console/session',
    body: { username: EMAIL, password: PASSWORD },
  })
  expect(answer.status, answer.text).toBe(200)
  return cookieOf(answer)
}
const idOf = async (cookie: string) => (await send({ path: '/me', headers: { cookie } })).body?.credential?.id
const newToken = async () => (await makeConsoleLinkOnHost(server.services))?.token
const setUp = (token: string | undefined, changed: object = {}) =>
  send({ method: 'POST', path: '/console/setup', body: { ...SETUP, ...changed, token } })

const server = useTestServer(
  { LATCHKEY_CORS_ORIGINS: 'https://app.example.com', LATCHKEY_TRUSTED_PROXIES: '127.0.0.1' },
  { clock },
)

describe('the link of the terminal', () => {
  test('is over after half an hour, is not an invitation, and an unknown one opens nothing', async () => {
    const [late, other] = [await newToken(), await newToken()]
    const asInvitation = { token: other, password: PASSWORD }
    expect(
      (await server.call({ method: 'POST', path: '/auth/password', key: null, body: asInvitation })).status,
    ).toBe(401)
    clock.move(31 * MINUTE_MS)
    expect((await setUp(late)).body.code).toBe('invalid_credentials')
    expect((await setUp('set_unknown')).body.code).toBe('invalid_credentials')
  })

  test('is stored as a hash, tells of a weak password beside its field, opens once, and makes the others void', async () => {
    const [token, second] = [(await newToken())!, await newToken()]
    expect((await server.stored()).includes(token)).toBe(false)
    const weak = await setUp(token, { password: 'ada@example.com' })
    expect(weak.body.errors).toMatchObject([{ pointer: '/password' }])
    const answer = await setUp(token)
    expect(answer.status, answer.text).toBe(200)
    const me = await send({ path: '/me', headers: { cookie: cookieOf(answer) } })
    expect(me.body).toMatchObject({ role: 'owner', userId: server.admin.userId })
    const company = await server.call({ path: `/companies/${server.admin.companyId}` })
    expect(company.body.name).toBe('Analytical Engines')
    for (const spent of [token, second]) expect((await setUp(spent)).status).toBe(401)
    expect(await newToken()).toBeUndefined()
    const { data } = (await server.call({ path: '/audit?action=console.link_created' })).body
    expect(data[0]).toMatchObject({ actor: { type: 'host' } })
  })
})

describe('the cookie', () => {
  const FORMS: readonly (readonly [from: string, headers: object, expected: RegExp | number])[] = [
    [
      'the machine itself',
      { host: '127.0.0.1:7070' },
      /^latchkey_session=\S+; Max-Age=900; Path=\/; HttpOnly; SameSite=Strict$/,
    ],
    ['the machine itself by IPv6', { host: '[::1]:7070' }, /^latchkey_session=/],
    [
      'a proxy with TLS',
      { host: 'keys.example.com', 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7' },
      /^__Host-latchkey_session=\S+; Max-Age=900; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    ],
    ['a network without TLS', { host: 'keys.example.com' }, 403],
    ['a name that only begins like the machine itself', { host: 'localhost.example.com' }, 403],
  ]
  test.each(FORMS)('from %s', async (_from, headers, expected) => {
    const proxied = await startTestServer({ LATCHKEY_TRUSTED_PROXIES: '127.0.0.1' }, { clock })
    try {
      const token = (await makeConsoleLinkOnHost(proxied.services))?.token
      const answer = await proxied.call({
        method: 'POST',
        path: '/console/setup',
        key: null,
        body: { ...SETUP, token },
        headers: { ...CONSOLE, ...headers },
      })
      if (expected === 403) expect(answer.body.code).toBe('https_required')
      else expect(String(answer.headers['set-cookie'])).toMatch(expected as RegExp)
    } finally {
      await proxied.dispose()
    }
  })

  const REFUSED: readonly (readonly [what: string, request: TestRequest, code: string])[] = [
    ['without the header', { path: '/keys', headers: { 'x-latchkey-console': [] } }, 'missing_credentials'],
    [
      'from another site',
      { path: '/keys', headers: { 'sec-fetch-site': 'cross-site' } },
      'cross_site_request',
    ],
    ['from a neighbour', { path: '/keys', headers: { 'sec-fetch-site': 'same-site' } }, 'cross_site_request'],
    ['typed as an address', { path: '/keys', headers: { 'sec-fetch-site': 'none' } }, 'cross_site_request'],
    ['at POST /verify', { method: 'POST', path: '/verify', body: { key: 'x' } }, 'missing_credentials'],
    [
      'at POST /verify/batch',
      { method: 'POST', path: '/verify/batch', body: { keys: [{ key: 'x' }] } },
      'missing_credentials',
    ],
    ['at the gateway', { path: '/gateway/check?permission=keys:list' }, 'missing_credentials'],
    ['as a token', { method: 'PUT', path: '/auth/token' }, 'missing_credentials'],
    [
      'for a token',
      { method: 'POST', path: '/auth/token/short-lived', body: { permissions: ['keys:list'] } },
      'missing_credentials',
    ],
  ]
  test('counts in the requests of the console', async () => {
    const cookie = await signIn()
    for (const path of ['/keys', '/me', '/users', '/companies', '/audit']) {
      expect((await send({ path, headers: { cookie } })).status, path).toBe(200)
    }
  })
  test.each(REFUSED)('counts for nothing %s', async (_what, request, code) => {
    const cookie = await signIn()
    const answer = await send({ ...request, headers: { ...request.headers, cookie } })
    expect(answer.body.code, answer.text).toBe(code)
  })

  test('counts beside the password that a proxy in front asks for, which is no credential here', async () => {
    const authorization = `Basic ${Buffer.from('ops:sesame').toString('base64')}`
    const cookie = await signIn()
    const beside = (path: string, headers: TestRequest['headers']) =>
      send({ path, headers: { authorization, ...headers } })
    expect((await beside('/console/session', { cookie })).status).toBe(200)
    expect((await beside('/keys', { cookie })).status).toBe(200)
    expect((await beside('/console/session', {})).status).toBe(204)
    expect((await beside('/keys', {})).body.code).toBe('missing_credentials')
    const ofNobody = { 'x-latchkey-console': [] }
    expect((await beside('/keys', { cookie, ...ofNobody })).body.code).toBe('invalid_credentials')
    const asToken = await beside('/keys', { cookie, authorization: `Bearer ${server.adminKey}` })
    expect(asToken.body.code).toBe('multiple_credentials')
  })

  test('that is no token of ours is not said to be a header that was not sent', async () => {
    const { body } = await send({ path: '/keys', headers: { cookie: 'latchkey_session=eyJ.e30.c2ln' } })
    expect(body.code).toBe('invalid_credentials')
    expect(body.detail).not.toContain('Authorization')
  })

  test('leaves no choice between two sessions, nor between a session and a key', async () => {
    const [one, other] = [await signIn(), await signIn()]
    const both = await send({ path: '/keys', headers: { cookie: `${one}; ${other}` } })
    expect(both.body.code).toBe('multiple_credentials')
    const beside = await send({ path: '/keys', key: server.adminKey, headers: { cookie: one } })
    expect(beside.body.code).toBe('multiple_credentials')
  })

  const AT_HTTPS = {
    host: 'keys.example.com',
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '192.0.2.7',
  }
  const PLANTED: readonly (readonly [string, object, (plain: string) => string, number])[] = [
    ['by its plain name where there is https', AT_HTTPS, (plain) => plain, 401],
    [
      'by its plain name at https on the machine itself',
      { ...AT_HTTPS, host: 'localhost' },
      (plain) => plain,
      401,
    ],
    ['by its plain name where the network reads along', { host: 'keys.example.com' }, (plain) => plain, 401],
    ['beside the own one', AT_HTTPS, (plain) => `latchkey_session=eyJ.e30.c2ln; __Host-${plain}`, 200],
    ['by the other name on the machine itself', {}, (plain) => `__Host-${plain}`, 401],
    ['by its own name where there is https', AT_HTTPS, (plain) => `__Host-${plain}`, 200],
    ['by its own name on the machine itself', {}, (plain) => plain, 200],
  ]
  test.each(PLANTED)(
    'that a neighbour or the network could have planted counts for nothing: %s',
    async (_, headers, cookieFrom, status) => {
      const cookie = cookieFrom(await signIn())
      expect((await send({ path: '/me', headers: { ...headers, cookie } })).status).toBe(status)
      const look = await send({ path: '/console/session', headers: { ...headers, cookie } })
      expect(look.status).toBe(status === 200 ? 200 : 204)
    },
  )

  test('is a new session at each sign-in, whatever the browser was given before', async () => {
    const planted = await signIn()
    const answer = await send({
      method: 'POST',
      path: '/console/session',
      body: { username: EMAIL, password: PASSWORD },
      headers: { cookie: planted },
    })
    expect(await idOf(cookieOf(answer))).not.toBe(await idOf(planted))
  })

  test('may be sent by no other origin, not even by one that may read answers', async () => {
    const headers = {
      origin: 'https://app.example.com',
      'access-control-request-headers': 'x-latchkey-console',
    }
    const { headers: allowed } = await server.call({ method: 'OPTIONS', path: '/keys', key: null, headers })
    expect(allowed['access-control-allow-origin']).toBe('https://app.example.com')
    expect(String(allowed['access-control-allow-headers']).toLowerCase()).not.toContain('x-latchkey-console')
    expect(allowed['access-control-allow-credentials']).toBeUndefined()
  })
})

describe('the session', () => {
  const SIGN_IN = {
    method: 'POST',
    path: '/console/session',
    body: { username: EMAIL, password: PASSWORD },
  } as const

  test('begins for nobody without the header, from another site, or with a wrong password', async () => {
    expect((await server.call({ ...SIGN_IN, key: null, headers: { host: 'localhost' } })).status).toBe(403)
    expect((await send({ ...SIGN_IN, headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
    const wrong = await send({ ...SIGN_IN, body: { username: EMAIL, password: 'wrong' } })
    expect([wrong.status, wrong.headers['set-cookie']]).toEqual([401, undefined])
  })

  test('slides by 15 minutes when it is renewed, and lasts 12 hours at most', async () => {
    let cookie = await signIn()
    const begun = clock.nowMs()
    while (clock.nowMs() - begun < 12 * 60 * MINUTE_MS - 14 * MINUTE_MS) {
      clock.move(14 * MINUTE_MS)
      const answer = await send({ method: 'PUT', path: '/console/session', headers: { cookie } })
      expect(answer.status).toBe(200)
      cookie = cookieOf(answer)
    }
    clock.move(14 * MINUTE_MS)
    expect((await send({ path: '/me', headers: { cookie } })).status).toBe(401)
    const idle = await signIn()
    clock.move(16 * MINUTE_MS)
    expect((await send({ path: '/me', headers: { cookie: idle } })).body.code).toBe('token_expired')
  })

  const LOOK = { path: '/console/session' }
  test('is looked for without an error: whoever has none, or one that is over, is told so', async () => {
    const cookie = await signIn()
    const there = await send({ ...LOOK, headers: { cookie } })
    expect([there.status, Object.keys(there.body)]).toEqual([200, ['expiresAt', 'endsAt', 'me', 'name']])
    expect(there.body.name).toBe('Ada')
    const { requestId: _, ...me } = there.body.me
    expect((await send({ path: '/me', headers: { cookie } })).body).toMatchObject(me)
    expect(there.headers['set-cookie']).toBeUndefined()
    const garbled = `${cookie.slice(0, -4)}AAAA`
    for (const [what, sent] of Object.entries({ none: [], garbled, empty: 'latchkey_session=' })) {
      expect((await send({ ...LOOK, headers: { cookie: sent } })).status, what).toBe(204)
    }
    await send({ method: 'DELETE', path: '/console/session', headers: { cookie } })
    expect((await send({ ...LOOK, headers: { cookie } })).status).toBe(204)
    const late = await signIn()
    clock.move(16 * MINUTE_MS)
    expect((await send({ ...LOOK, headers: { cookie: late } })).status).toBe(204)
  })

  test.each<readonly [what: string, headers: Record<string, string | string[]>, status: number]>([
    ['without the header', { 'x-latchkey-console': [] }, 403],
    ['from another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['with a key', { 'x-api-key': 'lk_live_none' }, 204],
  ])('is looked for by the console alone: %s', async (_what, headers, status) => {
    expect((await send({ ...LOOK, headers })).status).toBe(status)
  })

  test('guesses at one are counted as guesses at keys are', async () => {
    const guessed = await startTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '3' }, { clock })
    try {
      const look = () =>
        guessed.call({
          ...LOOK,
          key: null,
          headers: { ...CONSOLE, cookie: 'latchkey_session=a.b.c' },
        })
      const statuses = []
      for (let guess = 0; guess < 5; guess += 1) statuses.push((await look()).status)
      expect(statuses).toEqual([204, 204, 204, 429, 429])
    } finally {
      await guessed.dispose()
    }
  })

  const DEPLOYMENT = { path: '/console/deployment' }
  test('is told how its requests arrive, and only that of the operator what the deployment is', async () => {
    const cookie = await signIn()
    const chain = {
      cookie: `__Host-${cookie}`,
      'x-forwarded-for': '198.51.100.7',
      'x-forwarded-proto': 'https',
    }
    const { body } = await send({ ...DEPLOYMENT, headers: chain })
    expect(body.path).toMatchObject({
      connectedFrom: '127.0.0.1',
      forwardedFor: '198.51.100.7',
      isBelieved: true,
      address: '198.51.100.7',
    })
    expect(body.operated.store).toBe(server.services.engine.store)
    const isEmbedded = body.operated.store === 'sqlite'
    expect(body.operated.findings.map(({ check }: { check: string }) => check)).toEqual([
      ...(isEmbedded ? ['data-directory'] : []),
      'server-secret',
      'proxies',
      'metrics',
      ...(isEmbedded ? ['disk'] : []),
    ])
    expect((await send(DEPLOYMENT)).body.code).toBe('missing_credentials')
    const email = 'tenant@example.com'
    const { id } = (await server.call({ method: 'POST', path: '/companies', body: { name: 'Tenant' } })).body
    const headers = { 'x-company-id': id }
    const user = await server.call({
      method: 'POST',
      path: '/users',
      headers,
      body: { name: 'Tenant', role: 'owner', email },
    })
    const invited = await server.call({ method: 'POST', path: `/users/${user.body.id}/invitation`, headers })
    const invitation = { token: invited.body.token, password: PASSWORD }
    await server.call({ method: 'POST', path: '/auth/password', key: null, body: invitation })
    const theirs = await send({ ...SIGN_IN, body: { username: email, password: PASSWORD } })
    const told = await send({ ...DEPLOYMENT, headers: { cookie: cookieOf(theirs) } })
    expect([told.status, told.body.operated, told.body.path.connectedFrom]).toEqual([200, null, '127.0.0.1'])
  })

  test('ends here, or everywhere, and no key with it', async () => {
    const [here, there, third] = [await signIn(), await signIn(), await signIn()]
    const out = await send({ method: 'DELETE', path: '/console/session', headers: { cookie: here } })
    expect(out.status).toBe(204)
    expect(String(out.headers['set-cookie'])).toMatch(/^latchkey_session=; Max-Age=0;/)
    expect([await idOf(here), await idOf(there)]).toEqual([undefined, expect.stringMatching(/^ses_/)])
    expect(
      (await send({ method: 'DELETE', path: '/console/sessions', headers: { cookie: there } })).status,
    ).toBe(204)
    expect([await idOf(there), await idOf(third)]).toEqual([undefined, undefined])
    expect((await server.call({ path: '/me' })).status).toBe(200)
  })

  test('ends with its user, at once', async () => {
    const owner = await server.call({
      method: 'POST',
      path: '/users',
      body: { name: 'Grace', role: 'owner' },
    })
    expect(owner.status).toBe(201)
    const cookie = await signIn()
    const path = `/users/${server.admin.userId}`
    const key = await server.call({ method: 'POST', path: '/keys', body: { userId: owner.body.id } })
    const stop = await server.call({ method: 'PATCH', path, body: { status: 'inactive' } })
    expect(stop.status, stop.text).toBe(200)
    expect((await send({ path: '/me', headers: { cookie } })).status).toBe(401)
    await server.call({ method: 'PATCH', path, key: key.body.key, body: { status: 'active' } })
  })
})
