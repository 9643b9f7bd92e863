/**
 * A token is worth what stands behind it at the moment it is used. Each test uses a token first, so that every
 * memory of the service holds it, then changes one thing, and looks at the very next use.
 */
import type { ErrorCode } from '@latchkey/core/error'
import { beforeEach, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock } from '../fake-clock.ts'
import { createTestCompany, expectCreated, type TestAnswer, useTestServer } from '../harness.ts'
import { accessToken, bearer, givePassword, sessionToken, shortLivedToken } from './issued-token.ts'

const MINUTE_MS = 60_000
const clock = createFakeClock()

const server = useTestServer({}, { clock })
/** Of the user whose tokens these are: a company of its own for each test. */
let tenant: { companyId: string; userId: string; keyId: string; secret: string; email: string }

beforeEach(async () => {
  const company = await createTestCompany(server)
  const { id: userId, key: secret, keyId } = company.users.owner
  const email = await givePassword(server, userId, { 'x-company-id': company.id })
  tenant = { companyId: company.id, userId, keyId, secret, email }
})

const WANTED = ['keys:*', 'users:*', 'orders:*', 'invoices:read']

type Kind =
  | 'an access token'
  | 'a token made from a key'
  | 'a token made from an access token'
  | 'a session'
  | 'a token made from a session'

/** Every kind of token, by what stands behind it. */
const makers: Readonly<Record<Kind, () => Promise<string>>> = {
  'an access token': () => accessToken(server, { id: tenant.keyId, key: tenant.secret }),
  'a token made from a key': () => shortLivedToken(server, tenant.secret, WANTED),
  'a token made from an access token': async () =>
    shortLivedToken(server, await makers['an access token'](), WANTED),
  'a session': () => sessionToken(server, tenant.email),
  'a token made from a session': async () => shortLivedToken(server, await makers['a session'](), WANTED),
}

const ofKeys: readonly Kind[] = [
  'an access token',
  'a token made from a key',
  'a token made from an access token',
]
const ofSessions: readonly Kind[] = ['a session', 'a token made from a session']
const ofAll = [...ofKeys, ...ofSessions]

const use = (token: string, path = '/me', from = '127.0.0.1') =>
  server.call({ path, key: null, headers: bearer(token), from })

/** Makes a token and uses it once. */
async function usedToken(kind: Kind): Promise<string> {
  const token = await makers[kind]()
  expect((await use(token)).body).toMatchObject({ userId: tenant.userId, companyId: tenant.companyId })
  return token
}

/** What the operator does to the tenant. */
async function change(path: string, body: object): Promise<void> {
  const headers = { 'x-company-id': tenant.companyId }
  const answer = await server.call({ method: 'PATCH', path, headers, body })
  if (answer.status !== 200) throw new Error(`${path} was not changed: ${answer.text}`)
}
const changeKey = (body: object) => change(`/keys/${tenant.keyId}`, body)
const changeUser = (body: object) => change(`/users/${tenant.userId}`, body)
const changeCompany = async (body: object) => {
  const answer = await server.call({ method: 'PATCH', path: `/companies/${tenant.companyId}`, body })
  if (answer.status !== 200) throw new Error(`the company was not changed: ${answer.text}`)
}
const deleteKey = () =>
  server.call({
    method: 'DELETE',
    path: `/keys/${tenant.keyId}`,
    headers: { 'x-company-id': tenant.companyId },
  })
const endSession = (token: string) =>
  server.call({ method: 'DELETE', path: '/auth/token', key: null, headers: bearer(token) })

describe('refused on the very next use', () => {
  type Row = readonly [string, readonly Kind[], () => Promise<unknown>, ErrorCode]
  const rows: readonly Row[] = [
    ['the key is deleted', ofKeys, deleteKey, 'key_inactive'],
    ['the key is disabled', ofKeys, () => changeKey({ enabled: false }), 'key_inactive'],
    ['the user is deactivated', ofAll, () => changeUser({ status: 'inactive' }), 'user_inactive'],
    ['the company is deactivated', ofAll, () => changeCompany({ status: 'inactive' }), 'company_inactive'],
    [
      'the key runs out, by a change after the token was made',
      ofKeys,
      async () => {
        await changeKey({ expiresAt: new Date(clock.nowMs() + MINUTE_MS).toISOString() })
        clock.move(MINUTE_MS)
      },
      'key_expired',
    ],
    [
      'a new password is set',
      ofSessions,
      () =>
        givePassword(server, tenant.userId, {
          'x-company-id': tenant.companyId,
        }),
      'token_expired',
    ],
  ]
  const cases = rows.flatMap(([what, kinds, act, code]) => kinds.map((kind) => ({ what, kind, act, code })))

  test.each(cases)('$kind, when $what: $code', async ({ kind, act, code }) => {
    const token = await usedToken(kind)
    await act()
    const answer = await use(token)
    expectProblem(answer, code)
    expect(answer.status).toBe(401)
  })

  test('a session, and what was made from it, when the session is ended', async () => {
    const session = await usedToken('a session')
    const made = await shortLivedToken(server, session, WANTED)
    expect((await use(made)).status).toBe(200)
    expect((await endSession(session)).status).toBe(200)
    expectProblem(await use(session), 'token_expired')
    expectProblem(await use(made), 'token_expired')
  })

  test('what was made from a session cannot end it, nor renew it', async () => {
    const made = await usedToken('a token made from a session')
    for (const method of ['PUT', 'DELETE'] as const) {
      const answer = await server.call({ method, path: '/auth/token', key: null, headers: bearer(made) })
      expectProblem(answer, 'missing_permission')
    }
    expect((await use(made)).status).toBe(200)
  })

  test.each(ofSessions)('%s does not mind what happens to the user’s keys', async (kind) => {
    const token = await usedToken(kind)
    await deleteKey()
    expect((await use(token)).status).toBe(200)
  })
})

describe('narrowed on the very next use', () => {
  const permissionsOf = async (token: string): Promise<string[]> => (await use(token)).body.permissions
  const tryToCreate = (token: string): Promise<TestAnswer> =>
    server.call({
      method: 'POST',
      path: '/keys',
      key: null,
      headers: bearer(token),
      body: { userId: tenant.userId, permissions: ['keys:list'] },
    })

  test.each(ofAll)('%s, when the user’s role is lowered', async (kind) => {
    const token = await usedToken(kind)
    expect((await tryToCreate(token)).status).toBe(201)
    await changeUser({ role: 'viewer' })
    expectProblem(await tryToCreate(token), 'missing_permission')
    expect((await use(token, '/keys')).status).toBe(200)
    expect(await permissionsOf(token)).toEqual(['keys:list', 'keys:read'])
  })

  test.each(ofAll)('%s, when the user’s permissions are', async (kind) => {
    const token = await usedToken(kind)
    await changeUser({ permissions: ['invoices:read', 'invoices:write'] })
    const application = (await permissionsOf(token)).filter((name) => !/^(keys|users|audit):/.test(name))
    const isWhole = kind === 'an access token' || kind === 'a session'
    expect(application).toEqual(isWhole ? ['invoices:read', 'invoices:write'] : ['invoices:read'])
  })

  test.each(ofKeys)('%s, when the key’s permissions are', async (kind) => {
    const token = await usedToken(kind)
    await changeKey({ permissions: ['keys:list', 'orders:read'] })
    expect(await permissionsOf(token)).toEqual(['keys:list', 'orders:read'])
    expectProblem(await tryToCreate(token), 'missing_permission')
    expect((await use(token, '/keys')).status).toBe(200)
  })

  test.each(['an access token', 'a session'] as const)('%s, but never widened', async (kind) => {
    await changeUser({ role: 'developer', permissions: ['orders:read'] })
    const token = await usedToken(kind)
    const before = await permissionsOf(token)
    await changeUser({ role: 'owner', permissions: null })
    expect(await permissionsOf(token)).toEqual(before)
    expectProblem(await use(token, '/users'), 'missing_permission')
  })

  test('a session that is renewed has what its user has by then', async () => {
    await changeUser({ role: 'viewer' })
    const token = await usedToken('a session')
    await changeUser({ role: 'admin' })
    const renewed = await server.call({
      method: 'PUT',
      path: '/auth/token',
      key: null,
      headers: bearer(token),
    })
    expect(await permissionsOf(renewed.body.token)).toContain('users:*')
    expect(await permissionsOf(token)).toEqual(['keys:list', 'keys:read'])
  })
})

describe('from the addresses of its key only', () => {
  const INSIDE = '192.0.2.7'
  const OUTSIDE = '198.51.100.7'

  test.each(['an access token', 'a short-lived token'])('%s', async (kind) => {
    const headers = { 'x-company-id': tenant.companyId }
    const body = { userId: tenant.userId, whitelistedIPs: ['192.0.2.0/24'] }
    const key = await expectCreated(server, { path: '/keys', headers, body })
    const token =
      kind === 'an access token'
        ? await accessToken(server, key, { from: INSIDE })
        : await shortLivedToken(server, key.key, WANTED, INSIDE)
    expect((await use(token, '/me', INSIDE)).body.address).toBe(INSIDE)
    expect(expectProblem(await use(token, '/me', OUTSIDE), 'ip_not_allowed').detail).toContain(OUTSIDE)
    await change(`/keys/${key.id}`, { whitelistedIPs: [OUTSIDE] })
    expectProblem(await use(token, '/me', INSIDE), 'ip_not_allowed')
    expect((await use(token, '/me', OUTSIDE)).status).toBe(200)
    await change(`/keys/${key.id}`, { whitelistedIPs: null })
    expect((await use(token, '/me', INSIDE)).status).toBe(200)
  })

  test('a restriction that comes after the token counts for it', async () => {
    const token = await usedToken('an access token')
    await changeKey({ whitelistedIPs: [INSIDE] })
    expectProblem(await use(token, '/me', OUTSIDE), 'ip_not_allowed')
    expect((await use(token, '/me', INSIDE)).status).toBe(200)
  })
})

describe('for its time only', () => {
  const minutes: Readonly<Record<Kind, number>> = {
    'an access token': 5,
    'a token made from a key': 5,
    'a token made from an access token': 5,
    'a session': 15,
    'a token made from a session': 5,
  }

  test.each(ofAll)('%s', async (kind) => {
    const token = await usedToken(kind)
    clock.move(minutes[kind] * MINUTE_MS - 1_000)
    expect((await use(token)).status).toBe(200)
    clock.move(1_000)
    const answer = await use(token)
    expectProblem(answer, 'token_expired')
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"')
  })

  test('no longer than what it was made from', async () => {
    const first = await usedToken('an access token')
    clock.move(4 * MINUTE_MS)
    const second = await shortLivedToken(server, first, WANTED)
    clock.move(MINUTE_MS)
    expectProblem(await use(second), 'token_expired')
  })

  test('no longer than its key', async () => {
    await changeKey({ expiresAt: new Date(clock.nowMs() + 2 * MINUTE_MS).toISOString() })
    const token = await usedToken('an access token')
    clock.move(2 * MINUTE_MS)
    expectProblem(await use(token), 'token_expired')
  })
})

describe('again, when what stopped it is undone', () => {
  test.each(ofAll)('%s of a user who is activated again', async (kind) => {
    const token = await usedToken(kind)
    await changeUser({ status: 'inactive' })
    expectProblem(await use(token), 'user_inactive')
    await changeUser({ status: 'active' })
    expect((await use(token)).status).toBe(200)
  })

  test.each(ofAll)('%s of a company that is activated again', async (kind) => {
    const token = await usedToken(kind)
    await changeCompany({ status: 'inactive' })
    expectProblem(await use(token), 'company_inactive')
    await changeCompany({ status: 'active' })
    expect((await use(token)).status).toBe(200)
  })

  test('an access token of a key that is enabled again, but never of a deleted one', async () => {
    const token = await usedToken('an access token')
    await changeKey({ enabled: false })
    expectProblem(await use(token), 'key_inactive')
    await changeKey({ enabled: true })
    expect((await use(token)).status).toBe(200)
    await deleteKey()
    const headers = { 'x-company-id': tenant.companyId }
    const path = `/keys/${tenant.keyId}`
    const answer = await server.call({ method: 'PATCH', path, headers, body: { enabled: true } })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expectProblem(await use(token), 'key_inactive')
  })
})

test('a password that was forgotten and set anew opens a new session', async () => {
  const old = await usedToken('a session')
  await givePassword(server, tenant.userId, { 'x-company-id': tenant.companyId })
  expectProblem(await use(old), 'token_expired')
  expect((await use(await sessionToken(server, tenant.email))).status).toBe(200)
})
