/** Guessing is slowed down by where it comes from; whoever has a right key never notices. */
import { randomBytes } from 'node:crypto'
import { parseAddress } from '@latchkey/core/address'
import { generateSecret } from '@latchkey/core/secret'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFailedAttempts } from '../../src/http/admission/failed-attempts.ts'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock, type FakeClock } from '../fake-clock.ts'
import { expectCreated, startTestServer, type TestAnswer, type TestService } from '../harness.ts'

const LIMIT = 3
const WINDOW_MS = 60_000

let server: TestService
let clock: FakeClock

beforeEach(async () => {
  clock = createFakeClock()
  server = await startTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: String(LIMIT) }, { clock })
})
afterEach(() => server.dispose())

const guess = (from: string): Promise<TestAnswer> =>
  server.call({
    path: '/me',
    key: generateSecret({ prefix: 'lk', mode: 'live', randomBytes }).reveal(),
    from,
  })

async function useUp(from: string): Promise<void> {
  for (let count = 0; count < LIMIT; count++) expectProblem(await guess(from), 'invalid_credentials')
}

describe('after as many failures as are allowed', () => {
  test.each([
    ['an IPv4 address', '198.51.100.7', '198.51.100.8'],
    ['an IPv6 /64', '2001:db8:1:2::7', '2001:db8:1:3::7'],
    ['an IPv4 address and no IPv6 one', '198.51.100.7', '2001:db8::c633:6407'],
  ])('%s gets 429, and its neighbour does not', async (_, from, neighbour) => {
    await useUp(from)
    expectProblem(await guess(from), 'rate_limited')
    expectProblem(await guess(neighbour), 'invalid_credentials')
  })

  test('every address of one IPv6 /64 is counted together', async () => {
    for (const end of ['1', 'ffff:1', 'abcd:ef01:2345:6789']) {
      const from = `2001:db8:1:2:${end.includes(':6789') ? '' : ':'}${end}`
      expectProblem(await guess(from), 'invalid_credentials')
    }
    expectProblem(await guess('2001:db8:1:2::dead'), 'rate_limited')
  })

  test('an IPv4 address is the same in its IPv6 form', async () => {
    await useUp('198.51.100.7')
    expectProblem(await guess('::ffff:198.51.100.7'), 'rate_limited')
    expectProblem(await guess('::ffff:198.51.100.8'), 'invalid_credentials')
  })

  test('Retry-After says when the minute is over, and then it is', async () => {
    await useUp('198.51.100.7')
    clock.move(20_500)
    const refused = await guess('198.51.100.7')
    expect(refused.headers['retry-after']).toBe('40')
    clock.move(WINDOW_MS - 20_500 - 1)
    expect((await guess('198.51.100.7')).headers['retry-after']).toBe('1')
    clock.move(1)
    await useUp('198.51.100.7')
    expectProblem(await guess('198.51.100.7'), 'rate_limited')
  })

  test('a clock that is set back makes nobody wait for longer than a minute', async () => {
    await useUp('198.51.100.7')
    clock.move(-3_600_000)
    await useUp('198.51.100.7')
    expect(Number((await guess('198.51.100.7')).headers['retry-after'])).toBe(60)
  })

  test('a right key from the same address is answered as ever, again and again', async () => {
    await useUp('198.51.100.7')
    for (let count = 0; count < LIMIT * 3; count++) {
      expectProblem(await guess('198.51.100.7'), 'rate_limited')
      expect((await server.call({ path: '/me', from: '198.51.100.7' })).status).toBe(200)
    }
  })
})

describe('what is charged', () => {
  const from = '198.51.100.7'
  /** More than the limit of one kind of answer, then a guess that must still be told that it is wrong. */
  async function expectFree(send: () => Promise<TestAnswer>, status: number): Promise<void> {
    for (let count = 0; count < LIMIT * 2; count++) expect((await send()).status).toBe(status)
    expectProblem(await guess(from), 'invalid_credentials')
  }

  test('not a request without a credential', () =>
    expectFree(() => server.call({ path: '/me', key: null, from }), 401))

  test('not a key that exists, whatever it is refused for', async () => {
    const make = (fields: object = {}) =>
      expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, ...fields } })
    const [deleted, elsewhere, narrow] = [
      await make(),
      await make({ whitelistedIPs: ['192.0.2.1'] }),
      await make({ permissions: ['keys:read'] }),
    ]
    await server.call({ method: 'DELETE', path: `/keys/${deleted.id}` })
    await expectFree(() => server.call({ path: '/me', key: deleted.key, from }), 401)
    clock.move(WINDOW_MS)
    await expectFree(() => server.call({ path: '/me', key: elsewhere.key, from }), 403)
    clock.move(WINDOW_MS)
    await expectFree(() => server.call({ path: '/keys', key: narrow.key, from }), 403)
  })

  test('not a key that does not exist in POST /verify: its holder is not who asks', async () => {
    const body = { key: generateSecret({ prefix: 'lk', mode: 'live', randomBytes }).reveal() }
    await expectFree(() => server.call({ method: 'POST', path: '/verify', body, from }), 200)
  })

  test.each([
    ['a text that is no key', { 'x-api-key': 'sesame' }],
    ['an unknown token', { authorization: 'Bearer a.b.c' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
  ])('%s', async (_, headers) => {
    for (let count = 0; count < LIMIT; count++) {
      expectProblem(await server.call({ path: '/me', key: null, headers, from }), 'invalid_credentials')
    }
    expectProblem(await server.call({ path: '/me', key: null, headers, from }), 'rate_limited')
    expectProblem(await guess(from), 'rate_limited')
  })

  test('a wrong secret at the token endpoint, with its own status and form', async () => {
    const secret = generateSecret({ prefix: 'lk', mode: 'live', randomBytes }).reveal()
    const send = () =>
      server.call({
        method: 'POST',
        path: '/oauth/token',
        key: null,
        from,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        text: `grant_type=client_credentials&client_id=x&client_secret=${secret}`,
      })
    for (let count = 0; count < LIMIT; count++) expect((await send()).status).toBe(401)
    const refused = await send()
    expect(refused).toMatchObject({ status: 429, body: { error: 'invalid_client' } })
    expect(refused.headers['retry-after']).toBe('60')
  })
})

test('behind a proxy the client is charged, not the proxy', async () => {
  const proxied = await startTestServer(
    { LATCHKEY_FAILED_AUTH_PER_MINUTE: '1', LATCHKEY_TRUSTED_PROXIES: '127.0.0.1' },
    { clock },
  )
  const from = (address: string) =>
    proxied.call({ path: '/me', key: 'x', headers: { 'x-forwarded-for': address } })
  expectProblem(await from('198.51.100.7'), 'invalid_credentials')
  expectProblem(await from('198.51.100.7'), 'rate_limited')
  expectProblem(await from('198.51.100.8'), 'invalid_credentials')
  // Unknown addresses share one count: a malformed header must not buy a fresh one.
  expectProblem(await from('nowhere'), 'invalid_credentials')
  expectProblem(await from('nowhere else'), 'rate_limited')
  await proxied.dispose()
})

describe('the table of networks is bounded', () => {
  const address = (index: number) => parseAddress(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`)
  const NETWORKS_MAX = 50_000

  test('the oldest network is let go first, and no other', () => {
    const attempts = createFailedAttempts(1)
    for (let index = 0; index < NETWORKS_MAX; index++) attempts.note(address(index), index)
    attempts.note(address(NETWORKS_MAX), NETWORKS_MAX)
    // The first is forgotten: its next failure is a first one again. The second is not.
    expect(attempts.note(address(1), NETWORKS_MAX)).toBeGreaterThan(0)
    expect(attempts.note(address(0), NETWORKS_MAX)).toBeUndefined()
  })
})
