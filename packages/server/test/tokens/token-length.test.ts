/** What the service gives away as a token, it takes again: none is longer than the longest credential. */
import { describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { expectCreated, type Parsed, useTestServer } from '../harness.ts'
import { accessToken, bearer, givePassword, PASSWORD, requestToken } from './issued-token.ts'

const server = useTestServer()

/** As many as a list may hold, of the longest names there may be. */
const LONG = Array.from({ length: 100 }, (_, index) => `${'a'.repeat(64)}:${'b'.repeat(60)}-${100 + index}`)
const me = (token: string, from: string) =>
  server.call({ path: '/me', key: null, headers: bearer(token), from })
const claimsOf = (token: string): Parsed =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
const newKey = (fields: object): Promise<Parsed> =>
  expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, ...fields } })

describe('a key of many addresses', () => {
  test('has tokens that work, from those addresses only; the list they carry admits nobody', async () => {
    const whitelistedIPs = Array.from({ length: 1_000 }, (_, index) => `2001:db8:${index.toString(16)}::/48`)
    const key = await newKey({ whitelistedIPs })
    const token = await accessToken(server, key, { from: '2001:db8:7::1' })
    expect((await me(token, '2001:db8:3e7::1')).status).toBe(200)
    expectProblem(await me(token, '2001:db8:3e8::1'), 'ip_not_allowed')
    expect(claimsOf(token).ips).toEqual([])
  })

  test('of a few, the token carries the list as it is', async () => {
    const key = await newKey({ whitelistedIPs: ['192.0.2.0/24', '2001:db8::1'] })
    const token = await accessToken(server, key, { from: '192.0.2.7' })
    expect(claimsOf(token).ips).toEqual(['192.0.2.0/24', '2001:db8::1'])
  })
})

describe('the permissions of a token', () => {
  /** Eight names that make a scope of so many characters, with the seven spaces between. */
  const ofLength = (length: number) => {
    const seven = LONG.slice(0, 7)
    const left = length - seven.join(' ').length - 1
    return [...seven, `${'z'.repeat(left - 65)}:${'b'.repeat(64)}`]
  }

  test.each<readonly [string, readonly string[], string | undefined]>([
    ['one', ['orders:read'], 'orders:read'],
    ['a whole area', ['orders:*'], 'orders:*'],
    ['several', ['keys:list', 'orders:read', 'orders:write'], 'keys:list orders:read orders:write'],
    ['a thousand characters', ofLength(1_000), ofLength(1_000).join(' ')],
    ['a character more', ofLength(1_001), undefined],
  ])('stand in perms, and in scope while that is short: %s', async (_, permissions, scope) => {
    const { perms, ...claims } = claimsOf(await accessToken(server, await newKey({ permissions })))
    expect(perms).toEqual(permissions)
    expect(claims.scope).toBe(scope)
  })
})

describe('more permissions than a token holds', () => {
  test('by OAuth: invalid_scope, and a narrower scope works', async () => {
    const key = await newKey({ permissions: LONG })
    const form = { grant_type: 'client_credentials', client_id: key.id, client_secret: key.key }
    const refused = await requestToken(server, form)
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
    expect(refused.body.error_description).toContain('ask for fewer')
    const token = await accessToken(server, key, { scope: LONG.slice(0, 20).join(' ') })
    expect((await me(token, '127.0.0.1')).body.permissions).toEqual(LONG.slice(0, 20))
  })

  test('as a short-lived token: a 400 that says so', async () => {
    const path = '/auth/token/short-lived'
    const answer = await server.call({ method: 'POST', path, body: { permissions: LONG } })
    expectProblem(answer, 'invalid_field')
  })

  test('at sign-in: a 400 that says so', async () => {
    const body = { name: 'Ada', role: 'developer', permissions: LONG }
    const user = await expectCreated(server, { path: '/users', body })
    const username = await givePassword(server, user.id)
    const signIn = { username, password: PASSWORD }
    const answer = await server.call({ method: 'POST', path: '/auth/token', key: null, body: signIn })
    expectProblem(answer, 'invalid_field')
  })
})
