import { beforeAll, describe, expect, test } from 'vitest'
import { comparable, expectProblem } from '../../answer-checks.ts'
import { companyKeys } from '../../company-keys.ts'
import { createFakeClock, HOUR_MS } from '../../fake-clock.ts'
import { createTestCompany, expectCreated, type TestCompany, useTestServer } from '../../harness.ts'

const clock = createFakeClock()
const server = useTestServer({}, { clock })
let company: TestCompany
let other: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
  other = await createTestCompany(server)
})

const { admin, create } = companyKeys(server, () => company)
const get = (id: string, key = admin()) => server.call({ path: `/keys/${id}`, key })

test.each(['%', '%zz', '%ff', 'key_%e0%a4'])(
  'an id that cannot be decoded is one that is not found: %j',
  async (id) => {
    expectProblem(await get(id), 'key_not_found')
  },
)

describe('a key that is read', () => {
  test('is what its creation answered, the secret masked', async () => {
    const made = await create({ description: 'ci', whitelistedIPs: ['10.0.0.0/8'], metadata: { a: 'b' } })
    const answer = await get(made.id)
    expect(answer.status).toBe(200)
    expect(answer.headers.etag).toBe('"1"')
    expect(Object.entries(answer.body)).toEqual(
      Object.entries({ ...made, key: `${made.key.slice(0, 12)}...${made.key.slice(-4)}` }),
    )
  })

  test('deleted stays readable, and says since when', async () => {
    const made = await create()
    clock.move(1_234)
    await server.call({ method: 'DELETE', path: `/keys/${made.id}`, key: admin() })
    expect((await get(made.id)).body).toMatchObject({
      status: 'inactive',
      statusReason: 'deleted',
      enabled: true,
      deletedAt: new Date(clock.nowMs()).toISOString(),
      updatedAt: new Date(clock.nowMs()).toISOString(),
      createdAt: made.createdAt,
    })
  })

  test('says why it is refused, the first reason that counts; expiry leaves status as it is', async () => {
    const made = await create({ expiresAt: new Date(clock.nowMs() + HOUR_MS).toISOString() })
    clock.move(HOUR_MS)
    expect((await get(made.id)).body).toMatchObject({ status: 'active', statusReason: 'expired' })
    const body = { enabled: false }
    await server.call({ method: 'PATCH', path: `/keys/${made.id}`, key: admin(), body })
    expect((await get(made.id)).body).toMatchObject({ status: 'inactive', statusReason: 'disabled' })
    await server.call({ method: 'DELETE', path: `/keys/${made.id}`, key: admin() })
    expect((await get(made.id)).body).toMatchObject({ status: 'inactive', statusReason: 'deleted' })
  })

  test('of a deactivated user, or company, stays active in itself', async () => {
    const user = await expectCreated(server, {
      path: '/users',
      key: company.users.owner.key,
      body: { name: 'x', role: 'viewer' },
    })
    const made = await create({ userId: user.id })
    const inactive = { method: 'PATCH', body: { status: 'inactive' } } as const
    await server.call({ ...inactive, path: `/users/${user.id}`, key: company.users.owner.key })
    expect((await get(made.id)).body).toMatchObject({ status: 'active', statusReason: 'user_inactive' })
    const third = await createTestCompany(server)
    await server.call({ ...inactive, path: `/companies/${third.id}` })
    const answer = await server.call({
      path: `/keys/${third.users.viewer.keyId}`,
      headers: { 'x-company-id': third.id },
    })
    expect(answer.body).toMatchObject({ status: 'active', statusReason: 'company_inactive' })
  })

  test('shows when and from where it was last accepted; use changes neither version nor updatedAt', async () => {
    const made = await create()
    expect((await get(made.id)).body).toMatchObject({ lastUsedAt: null, lastAddress: null })
    clock.move(5_000)
    await server.call({ path: '/me', key: made.key })
    const usedAt = new Date(clock.nowMs()).toISOString()
    await server.services.usage.flush()
    const answer = await get(made.id)
    expect(answer.body).toMatchObject({
      lastUsedAt: usedAt,
      lastAddress: '127.0.0.1',
      updatedAt: made.updatedAt,
    })
    expect(answer.headers.etag).toBe('"1"')
  })

  test('takes no 304: the answer is whole, whatever the caller has', async () => {
    const made = await create()
    const headers = { 'if-none-match': '"1"', 'if-modified-since': new Date().toUTCString() }
    const answer = await server.call({ path: `/keys/${made.id}`, key: admin(), headers })
    expect(answer).toMatchObject({ status: 200, body: { id: made.id } })
  })
})

test('a key may read itself whatever its permissions, and no other', async () => {
  const [made, neighbour] = [await create({ permissions: [] }), await create()]
  expect((await get(made.id, made.key)).status).toBe(200)
  expectProblem(await get(neighbour.id, made.key), 'missing_permission')
  expectProblem(await get('key_', made.key), 'missing_permission')
})

test('a token made from a key does not read it as the key itself would', async () => {
  const made = await create()
  const { body } = await server.call({
    method: 'POST',
    path: '/auth/token/short-lived',
    key: made.key,
    body: { permissions: ['keys:list'] },
  })
  const headers = { authorization: `Bearer ${body.token}` }
  expectProblem(await server.call({ path: `/keys/${made.id}`, key: null, headers }), 'missing_permission')
})

test('foreign, unknown and malformed ids get one answer, byte for byte', async () => {
  const { id } = await create()
  const expected = comparable(await get('key_00000000000000000000000000'))
  expectProblem(await get('key_00000000000000000000000000'), 'key_not_found')
  const ids = [
    other.users.viewer.keyId,
    other.users.viewer.id,
    company.id,
    company.users.viewer.id,
    id.toUpperCase(),
    `${id}0`,
    id.slice(0, -1),
    id.slice(4),
    `KEY_${id.slice(4)}`,
    'key_zzzzzzzzzzzzzzzzzzzzzzzzzz',
    'key_',
    'undefined',
    'null',
    '0',
    '%00',
    '%20',
    `${id}%00`,
    `%20${id}`,
    `${id}%0a`,
    "'%20OR%20'1'='1",
    '__proto__',
    'constructor',
    '%F0%9F%94%91',
    'a'.repeat(5_000),
  ]
  for (const wrong of ids) expect(comparable(await get(wrong)), wrong).toEqual(expected)
})
