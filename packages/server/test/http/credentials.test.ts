/** How a credential may be presented, what every wrong one is told, and how often it may be tried. */
import { randomBytes } from 'node:crypto'
import { IN_FORCE } from '@latchkey/core/evaluate'
import { generateSecret, parseSecret } from '@latchkey/core/secret'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { comparable, expectProblem } from '../answer-checks.ts'
import {
  createTestCompany,
  startTestServer,
  type TestAnswer,
  type TestCompany,
  useTestServer,
} from '../harness.ts'

/** Well-formed keys that nobody was given: enough to see memory grow; a million on demand. */
/** Each is a question to the store: over a network a tenth will do. */
const FEWER = inject('databaseServer') === undefined ? 100_000 : 10_000
const UNKNOWN_KEYS = Number(process.env.LATCHKEY_TEST_UNKNOWN_KEYS ?? FEWER)

let company: TestCompany

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '1000000' })
beforeAll(async () => {
  company = await createTestCompany(server)
})

const unknownKey = () => generateSecret({ prefix: 'lk', mode: 'live', randomBytes }).reveal()
const key = () => company.users.admin.key
const other = () => company.users.viewer.key

/** GET /me with these headers and nothing else. */
const me = (headers: Record<string, string | string[]>, path = '/me'): Promise<TestAnswer> =>
  server.call({ path, key: null, headers })

describe('a key is accepted', () => {
  test.each([
    ['in X-API-KEY', () => ({ 'x-api-key': key() })],
    ['as Authorization: Bearer', () => ({ authorization: `Bearer ${key()}` })],
    ['as authorization: bearer, whatever the letter case', () => ({ authorization: `bEaReR ${key()}` })],
    ['after more than one space', () => ({ authorization: `Bearer   ${key()}` })],
    ['the same in both', () => ({ 'x-api-key': key(), authorization: `Bearer ${key()}` })],
    ['beside an empty X-API-KEY', () => ({ 'x-api-key': '', authorization: `Bearer ${key()}` })],
    ['beside an empty Authorization', () => ({ 'x-api-key': key(), authorization: '' })],
  ])('%s', async (_, headers) => {
    const answer = await me(headers())
    expect(answer.status).toBe(200)
    expect(answer.body.credential).toMatchObject({ type: 'key', id: company.users.admin.keyId })
  })
})

describe('a choice between credentials is 400', () => {
  test.each([
    ['two keys', () => ({ 'x-api-key': key(), authorization: `Bearer ${other()}` })],
    ['a key and an unknown token', () => ({ 'x-api-key': key(), authorization: 'Bearer a.b.c' })],
    ['a key and Basic', () => ({ 'x-api-key': key(), authorization: 'Basic YTpi' })],
    ['an unknown key and a right one', () => ({ 'x-api-key': 'x', authorization: `Bearer ${key()}` })],
  ])('%s', async (_, headers) => {
    expectProblem(await me(headers()), 'multiple_credentials')
  })

  test.each(['x-api-key', 'authorization'])('%s sent twice, even with one value', async (name) => {
    const value = name === 'authorization' ? `Bearer ${key()}` : key()
    for (const second of [value, other(), 'x']) {
      const answer = await me({ [name]: [value, second] })
      expectProblem(answer, { code: 'multiple_credentials' })
      expect(answer.body.errors[0].header.toLowerCase()).toBe(name)
    }
  })
})

/** Every way to send a right key wrongly: none of them may be mended into a right one. */
const MANGLED: readonly (readonly [string, (right: string) => string])[] = [
  ['twice with a comma', (right) => `${right},${right}`],
  ['twice with a comma and a space', (right) => `${right}, ${right}`],
  ['with a comma behind', (right) => `${right},`],
  ['with a comma before', (right) => `,${right}`],
  ['with another key behind', (right) => `${right} ${right}`],
  ['with a space inside', (right) => `${right.slice(0, 20)} ${right.slice(20)}`],
  ['with a tab inside', (right) => `${right.slice(0, 20)}\t${right.slice(20)}`],
  ['in quotes', (right) => `"${right}"`],
  ['in angle brackets', (right) => `<${right}>`],
  ['in other letter case', (right) => right.toUpperCase()],
  ['cut short', (right) => right.slice(0, -1)],
  ['one longer', (right) => `${right}0`],
  ['with another mode', (right) => right.replace('lk_live_', 'lk_test_')],
  ['without its prefix', (right) => right.slice(3)],
  ['percent-encoded', (right) => right.replace('_', '%5F')],
  ['with a non-ASCII letter', (right) => `${right.slice(0, -1)}\u00e9`],
  ['with a wrong checksum', (right) => `${right.slice(0, -1)}${right.endsWith('a') ? 'b' : 'a'}`],
  ['over-long', (right) => right + '0'.repeat(9_000)],
  ['over-long, the right one first', (right) => `${right}${' '.repeat(8_200)}x`],
  ['masked', (right) => `${right.slice(0, 12)}...${right.slice(-4)}`],
  ['a wildcard', () => '%'],
  ['a null', () => 'null'],
  ['undefined', () => 'undefined'],
]

describe('a right key sent wrongly is 401', () => {
  test.each(MANGLED)('%s', async (_, mangle) => {
    expectProblem(await me({ 'x-api-key': mangle(key()) }), 'invalid_credentials')
    expectProblem(await me({ authorization: `Bearer ${mangle(key())}` }), 'invalid_credentials')
  })

  test.each(['', 'Bearer', 'Bearer:', 'Bearer\t', 'Basic ', 'Token ', 'ApiKey ', 'xbearer '])(
    'Authorization: %j before the key',
    async (scheme) => {
      expectProblem(await me({ authorization: `${scheme}${key()}` }), 'invalid_credentials')
    },
  )
})

describe('a key is never looked for', () => {
  test.each(['key', 'api_key', 'apikey', 'apiKey', 'x-api-key', 'X-API-KEY', 'access_token', 'token'])(
    'in the query, nor in a cookie, as %s',
    async (name) => {
      expectProblem(await me({}, `/me?${name}=${key()}`), 'missing_credentials')
      expectProblem(await me({ cookie: `${name}=${key()}` }), 'missing_credentials')
    },
  )

  test('in a header of another name', async () => {
    for (const name of ['api-key', 'x-auth-token', 'x-apikey', 'proxy-authorization', 'x_api_key', 'key']) {
      expectProblem(await me({ [name]: key() }), 'missing_credentials')
    }
  })

  test('in a body', async () => {
    const answer = await server.call({
      method: 'POST',
      path: '/auth/token/short-lived',
      key: null,
      body: { key: key(), 'x-api-key': key(), access_token: key(), permissions: [] },
    })
    expectProblem(answer, 'missing_credentials')
  })
})

test('a credential of more than 8 KiB is not looked at, whatever it ends with', async () => {
  const filler = ' '.repeat(8_200)
  expectProblem(await me({ authorization: `Bearer ${filler}${key()}` }), 'invalid_credentials')
  expectProblem(await me({ authorization: `Bearer ${key()}${filler}` }), 'invalid_credentials')
})

test('a mistyped key costs no look-up', async () => {
  const loads = () => server.services.verifier.loads + server.services.verifier.hits
  const mistyped = `${key().slice(0, 30)}${key()[30] === 'a' ? 'b' : 'a'}${key().slice(31)}`
  const before = loads()
  expectProblem(await me({ 'x-api-key': mistyped }), 'invalid_credentials')
  expect(loads()).toBe(before)
  expectProblem(await me({ 'x-api-key': unknownKey() }), 'invalid_credentials')
  expect(loads()).toBe(before + 1)
})

test('an empty credential is none at all', async () => {
  for (const headers of [
    {},
    { 'x-api-key': '' },
    { authorization: '' },
    { 'x-api-key': '', authorization: '' },
  ]) {
    const answer = await me(headers)
    expectProblem(answer, 'missing_credentials')
    // RFC 6750 §3: no error code where no credential came.
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="latchkey"')
  }
})

test('a wrong credential is challenged with the reason, in RFC 6750’s form', async () => {
  const { 'www-authenticate': challenge } = (await me({ 'x-api-key': unknownKey() })).headers
  expect(challenge).toMatch(/^Bearer realm="latchkey", error="invalid_token", error_description="[^"\\]+"$/)
})

test('unknown, mistyped and another deployment’s keys get one answer, byte for byte', async () => {
  const stranger = await startTestServer()
  await stranger.dispose()
  const mistyped = `${key().slice(0, -1)}${key().endsWith('a') ? 'b' : 'a'}`
  const expected = comparable(await me({ 'x-api-key': unknownKey() }))
  const texts = [
    unknownKey(),
    mistyped,
    stranger.adminKey,
    'x',
    "'OR(1=1)--",
    '{}',
    'a.b',
    key().slice(0, 40),
  ]
  for (const text of texts) {
    expect(comparable(await me({ 'x-api-key': text }))).toEqual(expected)
    expect(comparable(await me({ authorization: `Bearer ${text}` }))).toEqual(expected)
  }
})

describe('SQL is text', () => {
  const SQL = [
    "' OR '1'='1",
    "'; DROP TABLE keys; --",
    '" OR ""="',
    "lk_live_' UNION SELECT * FROM keys --",
    '1; DELETE FROM companies',
    '%',
    '_',
    "\\'; --",
    '?1',
    ':key',
    "x' AND randomblob(1000000000) --",
    '$1::text',
  ]
  const counts = () =>
    server.services.engine.read(async (db) => ({
      keys: await db.selectFrom('keys').selectAll().execute(),
      companies: await db.selectFrom('companies').selectAll().execute(),
      users: await db.selectFrom('users').selectAll().execute(),
    }))

  test.each(SQL)('%s, in every place of a credential', async (text) => {
    const before = await counts()
    expectProblem(await me({ 'x-api-key': text }), 'invalid_credentials')
    expectProblem(await me({ authorization: `Bearer ${text}` }), 'invalid_credentials')
    const basic = { authorization: `Basic ${Buffer.from(`${text}:${text}`).toString('base64')}` }
    expectProblem(await me(basic), 'invalid_credentials')
    const sent = { method: 'POST', key: null } as const
    const signIn = { ...sent, path: '/auth/token', body: { username: text, password: text } }
    expect([401, 429]).toContain((await server.call(signIn)).status)
    const password = 'a password that is long enough'
    const invited = await server.call({ ...sent, path: '/auth/password', body: { token: text, password } })
    expect([400, 401]).toContain(invited.status)
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: text,
      client_secret: text,
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const oauth = await server.call({ ...sent, path: '/oauth/token', text: form.toString(), headers })
    expect(oauth).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    const verified = await server.call({ method: 'POST', path: '/verify', body: { key: text }, key: key() })
    expect(verified.body).toMatchObject({ valid: false, code: 'NOT_FOUND' })
    expect(await counts()).toEqual(before)
  })
})

test(`of ${UNKNOWN_KEYS.toLocaleString('en')} random well-formed keys none is accepted, and memory stays bounded`, async () => {
  const { verifier, engine } = server.services
  const heldBefore = verifier.size
  const attempt = { ...IN_FORCE, address: undefined, nowMs: Date.now() }
  for (let tried = 0; tried < UNKNOWN_KEYS; tried++) {
    const secret = parseSecret(unknownKey(), 'lk')!
    const outcome = await verifier.verify(secret, attempt)
    if (outcome.code !== 'NOT_FOUND') throw new Error(`try ${tried}: ${outcome.code}`)
  }
  // What does not exist takes no place of what does.
  expect(verifier.size).toBe(heldBefore)
  expect(verifier.loads).toBeGreaterThanOrEqual(UNKNOWN_KEYS)
  await engine.read(async (db) => {
    const { count } = await db
      .selectFrom('key_usage')
      .select(db.fn.countAll().as('count'))
      .executeTakeFirstOrThrow()
    expect(Number(count)).toBeLessThan(10)
  })
})
