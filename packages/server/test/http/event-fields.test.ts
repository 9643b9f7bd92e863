/** An event tells each field that was given, as it was given, and no field that did not change. */
import { beforeEach, describe, expect, test } from 'vitest'
import { createTestCompany, expectCreated, type Parsed, type TestCompany, useTestServer } from '../harness.ts'

const server = useTestServer()
let company: TestCompany

beforeEach(async () => {
  company = await createTestCompany(server)
})

const owner = () => company.users.owner.key
const make = (path: string, body: object): Promise<Parsed> =>
  expectCreated(server, { path, key: owner(), body })

async function change(path: string, body: object, key = owner()): Promise<void> {
  expect((await server.call({ method: 'PATCH', path, key, body })).status).toBe(200)
}

/** What the newest event about an object says of it. */
async function told(objectId: string, key = owner(), headers = {}): Promise<Parsed> {
  const { body } = await server.call({ path: `/audit?limit=1&objectId=${objectId}`, key, headers })
  return { action: body.data[0].action, changes: body.data[0].changes }
}

describe('a key', () => {
  const GIVEN = {
    whitelistedIPs: ['10.0.0.0/8', '2001:db8::1'],
    permissions: ['orders:read', 'keys:*'],
    expiresAt: '2030-01-02T03:04:05.678Z',
    mode: 'test',
  }
  const NOTHING = { whitelistedIPs: null, permissions: null, expiresAt: null, mode: 'live' }

  test.each<[string, object, object]>([
    ['with nothing but its user', {}, {}],
    ['with all that can be given', GIVEN, GIVEN],
    ['for some addresses', { whitelistedIPs: ['192.0.2.7/24'] }, { whitelistedIPs: ['192.0.2.0/24'] }],
    ['for some permissions', { permissions: ['orders:*'] }, { permissions: ['orders:*'] }],
    ['for no permission', { permissions: [] }, { permissions: [] }],
    ['until an end', { expiresAt: GIVEN.expiresAt }, { expiresAt: GIVEN.expiresAt }],
    ['for tests', { mode: 'test' }, { mode: 'test' }],
  ])('that is made %s', async (_name, given, expected) => {
    const { id } = await make('/keys', { userId: company.users.developer.id, ...given })
    const { action, changes } = await told(id)
    const { ceiling: _, ...fields } = changes
    expect(action).toBe('key.created')
    const values = { userId: company.users.developer.id, ...NOTHING, ...expected }
    expect(fields).toEqual(
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [null, value]])),
    )
  })

  test.each<[string, unknown, unknown]>([
    ['whitelistedIPs', ['10.0.0.0/8'], ['10.0.0.0/8', '192.0.2.1']],
    ['whitelistedIPs', ['10.0.0.0/8'], null],
    ['expiresAt', '2030-01-02T03:04:05.678Z', '2031-01-02T03:04:05.678Z'],
    ['expiresAt', null, '2030-01-02T03:04:05.678Z'],
    ['permissions', ['orders:read'], ['orders:read', 'orders:write']],
    ['permissions', ['orders:read'], []],
    ['permissions', ['orders:read'], null],
  ])('whose %s changes from %j to %j', async (field, before, after) => {
    const { id } = await make('/keys', { userId: company.users.developer.id, [field]: before })
    await change(`/keys/${id}`, { [field]: after })
    const { action, changes } = await told(id)
    // Who says what a key may do gives it that: what its maker could give goes with it.
    const { ceiling: _, ...fields } = changes
    expect({ action, fields }).toEqual({ action: 'key.updated', fields: { [field]: [before, after] } })
  })

  /** Often enough they tell whose key it is, and they are to end with its user. */
  test.each<[string, unknown, unknown, unknown]>([
    ['description', 'CI', 'deployments', ['[personal]', '[personal]']],
    ['description', 'CI', null, ['[personal]', null]],
    ['description', null, 'deployments', [null, '[personal]']],
    ['metadata', { team: 'a' }, { team: 'b', more: 'c' }, ['[personal]', '[personal]']],
    ['metadata', { team: 'a' }, {}, ['[personal]', '[personal]']],
  ])('whose %s changes from %j to %j, and not what it says', async (field, before, after, expected) => {
    const { id } = await make('/keys', { userId: company.users.developer.id, [field]: before })
    await change(`/keys/${id}`, { [field]: after })
    expect(await told(id)).toEqual({ action: 'key.updated', changes: { [field]: expected } })
  })

  test('that is disabled, and enabled again', async () => {
    const { id } = await make('/keys', { userId: company.users.developer.id })
    await change(`/keys/${id}`, { enabled: false })
    expect(await told(id)).toEqual({ action: 'key.updated', changes: { enabled: [true, false] } })
    await change(`/keys/${id}`, { enabled: true })
    expect(await told(id)).toEqual({ action: 'key.updated', changes: { enabled: [false, true] } })
  })
})

describe('a user', () => {
  test.each<[object, object]>([
    [{ role: 'viewer' }, { role: 'viewer', externalId: null, permissions: null }],
    [
      { role: 'developer', externalId: 'crm-7', permissions: ['orders:*', 'bills:read'] },
      { role: 'developer', externalId: '[personal]', permissions: ['orders:*', 'bills:read'] },
    ],
    [
      { role: 'admin', permissions: [] },
      { role: 'admin', externalId: null, permissions: [] },
    ],
  ])('that is made as %j', async (given, expected) => {
    const { id } = await make('/users', { name: 'Ada', ...given })
    expect(await told(id)).toEqual({
      action: 'user.created',
      changes: Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, [null, value]])),
    })
  })

  test.each<[string, unknown, unknown]>([
    ['role', 'viewer', 'developer'],
    ['permissions', ['orders:read'], ['orders:*']],
    ['permissions', null, []],
    ['permissions', ['orders:read'], null],
    ['status', 'active', 'inactive'],
  ])('whose %s changes from %j to %j', async (field, before, after) => {
    const { status, ...given } = { role: 'viewer', [field]: before }
    expect(status ?? 'active').toBe('active')
    const { id } = await make('/users', { name: 'Ada', ...given })
    await change(`/users/${id}`, { [field]: after })
    expect(await told(id)).toEqual({ action: 'user.updated', changes: { [field]: [before, after] } })
  })

  test.each<[string, unknown, unknown, unknown]>([
    ['name', 'Ada', 'Eve', ['[personal]', '[personal]']],
    ['email', 'ada@example.com', 'eve@example.com', ['[personal]', '[personal]']],
    ['email', 'ada@example.com', null, ['[personal]', null]],
    ['email', null, 'eve@example.com', [null, '[personal]']],
    ['externalId', 'crm-7', 'crm-8', ['[personal]', '[personal]']],
    ['externalId', 'crm-7', null, ['[personal]', null]],
  ])('whose %s changes from %j to %j: that it did, not to what', async (field, before, after, expected) => {
    const { id } = await make('/users', { name: 'Ada', role: 'viewer', [field]: before })
    await change(`/users/${id}`, { [field]: after })
    expect(await told(id)).toEqual({ action: 'user.updated', changes: { [field]: expected } })
  })
})

describe('a company', () => {
  const asOperator = (id: string) => [server.adminKey, { 'x-company-id': id }] as const

  test.each<[object, object]>([
    [{ name: 'Acme' }, { name: 'Acme', externalId: null }],
    [
      { name: 'Acme Ltd', externalId: 'crm-acme' },
      { name: 'Acme Ltd', externalId: 'crm-acme' },
    ],
  ])('that is made as %j', async (given, expected) => {
    const { id } = await expectCreated(server, { path: '/companies', body: given })
    expect(await told(id, ...asOperator(id))).toEqual({
      action: 'company.created',
      changes: Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, [null, value]])),
    })
  })

  test.each<[string, unknown, unknown]>([
    ['name', 'Acme', 'Acme & Sons'],
    ['externalId', 'crm-old', 'crm-new'],
    ['externalId', 'crm-gone', null],
    ['status', 'active', 'inactive'],
  ])('whose %s changes from %j to %j', async (field, before, after) => {
    const { status: _, ...given } = { name: 'Acme', [field]: before } as Record<string, unknown>
    const { id } = await expectCreated(server, { path: '/companies', body: given })
    await change(`/companies/${id}`, { [field]: after }, server.adminKey)
    expect(await told(id, ...asOperator(id))).toEqual({
      action: 'company.updated',
      changes: { [field]: [before, after] },
    })
  })
})

test.each([
  ['a key', '/keys', () => ({ userId: company.users.developer.id, description: 'CI', metadata: { a: 'b' } })],
  ['a user', '/users', () => ({ name: 'Ada', role: 'viewer', permissions: ['orders:read'] })],
])('%s that is given what it has makes no event', async (_name, path, given) => {
  const { id } = await make(path, given())
  const { userId: _, ...same } = given() as Record<string, unknown>
  await change(`${path}/${id}`, same)
  expect((await told(id)).action).toMatch(/\.created$/)
})
