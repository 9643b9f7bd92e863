/** POST /verify judges a token as it judges a key: by the live state of what it stems from. */
import { beforeAll, describe, expect, test } from 'vitest'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { createTestCompany, expectCreated, type TestCompany, useTestServer } from '../harness.ts'
import { accessToken, givePassword, sessionToken, shortLivedToken } from './issued-token.ts'

let company: TestCompany
const clock = createFakeClock()

const server = useTestServer({}, { clock })
beforeAll(async () => {
  company = await createTestCompany(server)
})

const verify = async (token: string, fields: object = {}, key = server.adminKey) => {
  const { status, body } = await server.call({
    method: 'POST',
    path: '/verify',
    key,
    body: { key: token, ...fields },
  })
  expect(status).toBe(200)
  return body
}
const newKey = (fields: object = {}) =>
  expectCreated(server, {
    path: '/keys',
    key: company.users.owner.key,
    body: { userId: company.users.developer.id, ...fields },
  })
const asOwner = (method: 'PATCH' | 'DELETE', path: string, body?: object) =>
  server.call({ method, path, key: company.users.owner.key, ...(body === undefined ? {} : { body }) })

describe('an access token', () => {
  test('is VALID with its key’s id and owner, what the token may do, and the sooner end', async () => {
    const key = await newKey({ metadata: { plan: 'pro' } })
    const token = await accessToken(server, key, { scope: 'keys:list keys:read' })
    expect(await verify(token)).toMatchObject({
      valid: true,
      code: 'VALID',
      keyId: key.id,
      companyId: company.id,
      userId: company.users.developer.id,
      permissions: ['keys:list', 'keys:read'],
      mode: 'live',
      metadata: { plan: 'pro' },
    })
    const { expiresAt } = await verify(token)
    expect(Date.parse(expiresAt) - clock.nowMs()).toBeLessThanOrEqual(300_000)
  })

  test('has what the token was given, and no more', async () => {
    const key = await newKey()
    const token = await accessToken(server, key, { scope: 'orders:read keys:list' })
    expect((await verify(token, { permissions: ['orders:read'] })).code).toBe('VALID')
    for (const permission of ['orders:write', 'keys:create', 'billing:read']) {
      expect((await verify(token, { permissions: [permission] })).code).toBe('INSUFFICIENT_PERMISSIONS')
      expect((await verify(key.key, { permissions: [permission] })).code).toBe('VALID')
    }
  })

  test('is restricted to the addresses of its key', async () => {
    const key = await newKey({ whitelistedIPs: ['127.0.0.0/8', '192.0.2.0/24'] })
    const token = await accessToken(server, key)
    expect((await verify(token)).code).toBe('IP_REQUIRED')
    expect((await verify(token, { ip: '198.51.100.1' })).code).toBe('IP_NOT_ALLOWED')
    expect((await verify(token, { ip: '192.0.2.9' })).code).toBe('VALID')
  })

  test.each([
    ['INACTIVE', (id: string) => asOwner('DELETE', `/keys/${id}`)],
    ['INACTIVE', (id: string) => asOwner('PATCH', `/keys/${id}`, { enabled: false })],
  ])('is %s once its key is', async (code, revoke) => {
    const key = await newKey()
    const token = await accessToken(server, key)
    await revoke(key.id)
    expect(await verify(token)).toMatchObject({ valid: false, code, keyId: key.id })
  })

  test('is EXPIRED when it is over, and INACTIVE when its key is gone as well', async () => {
    const key = await newKey()
    const token = await accessToken(server, key)
    clock.move(HOUR_MS)
    expect(await verify(token)).toMatchObject({ valid: false, code: 'EXPIRED', keyId: key.id })
    await asOwner('DELETE', `/keys/${key.id}`)
    expect((await verify(token)).code).toBe('INACTIVE')
  })

  test('is NOT_FOUND to another company, also when it is over', async () => {
    const { users } = await createTestCompany(server)
    const token = await accessToken(server, await newKey())
    expect(await verify(token, {}, users.owner.key)).toMatchObject({
      code: 'NOT_FOUND',
      keyId: null,
      permissions: [],
    })
    expect((await verify(token, {}, company.users.owner.key)).code).toBe('VALID')
    clock.move(HOUR_MS)
    expect((await verify(token, {}, users.owner.key)).code).toBe('NOT_FOUND')
  })

  test('is judged in a batch, beside keys', async () => {
    const key = await newKey()
    const token = await accessToken(server, key)
    const keys = [{ key: token }, { key: key.key }, { key: `${token.slice(0, -3)}AAA` }, { key: 'eyJ.a.b' }]
    const { body } = await server.call({ method: 'POST', path: '/verify/batch', body: { keys } })
    const codes = body.results.map(({ code }: { code: string }) => code)
    expect(codes).toEqual(['VALID', 'VALID', 'NOT_FOUND', 'NOT_FOUND'])
  })
})

describe('a person’s token', () => {
  test('of a session has no key, and ends with the session', async () => {
    const email = await givePassword(server, company.users.admin.id, { 'x-company-id': company.id })
    const session = await sessionToken(server, email)
    const short = await shortLivedToken(server, session, ['keys:list'])
    expect(await verify(session)).toMatchObject({
      code: 'VALID',
      keyId: null,
      userId: company.users.admin.id,
    })
    expect(await verify(short)).toMatchObject({ code: 'VALID', keyId: null, permissions: ['keys:list'] })
    await server.call({
      method: 'DELETE',
      path: '/auth/token',
      key: null,
      headers: { authorization: `Bearer ${session}` },
    })
    expect((await verify(session)).code).toBe('INACTIVE')
    expect((await verify(short)).code).toBe('INACTIVE')
  })
})
