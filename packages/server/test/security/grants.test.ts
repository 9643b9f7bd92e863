/** Nobody gives away more than it has: not by what a key may do, and not by where and how long it may be used. */
import { beforeEach, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestAnswer,
  type TestCompany,
  useTestServer,
} from '../harness.ts'
import { accessToken, bearer, givePassword, sessionToken } from '../tokens/issued-token.ts'

let company: TestCompany
const clock = createFakeClock()

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' }, { clock })
beforeEach(async () => {
  company = await createTestCompany(server)
})

const inHours = (hours: number) => new Date(clock.nowMs() + hours * HOUR_MS).toISOString()
const patch = (key: string, id: string, body: object, from = '127.0.0.1') =>
  server.call({ method: 'PATCH', path: `/keys/${id}`, key, body, from })
const create = (key: string, body: object, from = '127.0.0.1') =>
  server.call({ method: 'POST', path: '/keys', key, body, from })
/** A key of the owner, made by the owner. */
const made = (fields: object): Promise<Parsed> =>
  expectCreated(server, {
    path: '/keys',
    key: company.users.owner.key,
    body: { userId: company.users.owner.id, ...fields },
  })
const setRole = (role: string) =>
  server.call({
    method: 'PATCH',
    path: `/users/${company.users.viewer.id}`,
    key: company.users.owner.key,
    body: { role },
  })
const permissionsOf = async (key: string): Promise<string[]> =>
  (await server.call({ path: '/me', key })).body.permissions

describe('whatever gives a key more reach is a grant', () => {
  /** What a key with keys:update and nothing else may not do to a whole key. */
  const loosenings: readonly (readonly [string, object, object])[] = [
    ['lift its restriction', { whitelistedIPs: ['192.0.2.1'] }, { whitelistedIPs: null }],
    ['widen its restriction', { whitelistedIPs: ['192.0.2.1'] }, { whitelistedIPs: ['192.0.2.0/24'] }],
    ['move its restriction', { whitelistedIPs: ['192.0.2.1'] }, { whitelistedIPs: ['127.0.0.1'] }],
    ['add the other family', { whitelistedIPs: ['0.0.0.0/0'] }, { whitelistedIPs: ['0.0.0.0/0', '::/0'] }],
    ['lift its end', { expiresAt: inHours(1) }, { expiresAt: null }],
    ['move its end', { expiresAt: inHours(1) }, { expiresAt: inHours(2) }],
  ]

  test.each(loosenings)('a key that may only change keys cannot %s', async (_what, fields, loosened) => {
    const { id } = await made(fields)
    const { key } = await made({ permissions: ['keys:update'] })
    expectProblem(await patch(key, id, loosened), 'permission_escalation')
    // Who has all that it may do can.
    expect((await patch(company.users.owner.key, id, loosened)).status).toBe(200)
  })

  test('it cannot revive one that has ended or was disabled', async () => {
    const { id } = await made({ expiresAt: inHours(1) })
    const { key } = await made({ permissions: ['keys:update'] })
    clock.move(2 * HOUR_MS)
    expectProblem(await patch(key, id, { expiresAt: inHours(1) }), 'permission_escalation')
    await patch(company.users.owner.key, id, { enabled: false, expiresAt: null })
    expectProblem(await patch(key, id, { enabled: true }), 'permission_escalation')
  })

  test.each([
    ['tighten its restriction', { whitelistedIPs: ['192.0.2.0/24'] }, { whitelistedIPs: ['192.0.2.1'] }],
    ['restrict it', {}, { whitelistedIPs: ['192.0.2.1'] }],
    ['leave it as it is', { whitelistedIPs: ['192.0.2.1'] }, { whitelistedIPs: ['192.0.2.1/32'] }],
    ['bring its end nearer', { expiresAt: inHours(100) }, { expiresAt: inHours(50) }],
    ['end it', {}, { expiresAt: inHours(50) }],
    ['disable it', {}, { enabled: false }],
    ['describe it', { whitelistedIPs: ['192.0.2.1'] }, { description: 'CI' }],
  ])('but it can %s', async (_what, fields, tightened) => {
    const { id } = await made(fields)
    const { key } = await made({ permissions: ['keys:update'] })
    expect((await patch(key, id, tightened)).status).toBe(200)
  })
})

describe('a bound key', () => {
  test.each([
    ['restriction', { whitelistedIPs: ['127.0.0.1'] }, { whitelistedIPs: null }],
    ['restriction, by an entry', { whitelistedIPs: ['127.0.0.1'] }, { whitelistedIPs: ['127.0.0.0/8'] }],
    ['end', { expiresAt: inHours(90) }, { expiresAt: null }],
    ['end, by an hour', { expiresAt: inHours(90) }, { expiresAt: inHours(91) }],
  ])('does not lift its own %s, nor does a token of it', async (_what, fields, loosened) => {
    const { id, key } = await made(fields)
    expectProblem(await patch(key, id, loosened), 'permission_escalation')
    const headers = bearer(await accessToken(server, { id, key }))
    const answer = await server.call({
      method: 'PATCH',
      path: `/keys/${id}`,
      key: null,
      headers,
      body: loosened,
    })
    expectProblem(answer, 'permission_escalation')
  })

  test('makes keys of its own user that are bound in the same way', async () => {
    const own = await made({ whitelistedIPs: ['127.0.0.1', '10.0.0.0/8'], expiresAt: inHours(90) })
    const { owner } = company.users
    const { body } = await create(own.key, { userId: owner.id, whitelistedIPs: [] })
    expect(body).toMatchObject({ whitelistedIPs: ['127.0.0.1', '10.0.0.0/8'], expiresAt: own.expiresAt })
    const nearer = { userId: owner.id, whitelistedIPs: ['10.1.0.0/16'], expiresAt: inHours(80) }
    expect((await create(own.key, nearer)).body).toMatchObject({ whitelistedIPs: ['10.1.0.0/16'] })
    for (const wider of [
      { whitelistedIPs: null },
      { whitelistedIPs: ['10.0.0.0/7'] },
      { expiresAt: null },
      { expiresAt: inHours(91) },
    ]) {
      expectProblem(await create(own.key, { userId: owner.id, ...wider }), 'permission_escalation')
    }
  })

  test('nor does it loosen another key of its user, or of an equal', async () => {
    const bound = await made({ whitelistedIPs: ['127.0.0.1'] })
    const other = await made({ whitelistedIPs: ['192.0.2.1'] })
    expectProblem(await patch(bound.key, other.id, { whitelistedIPs: null }), 'permission_escalation')
    expect((await patch(bound.key, other.id, { whitelistedIPs: ['127.0.0.1'] })).status).toBe(200)
    const { id: userId } = await expectCreated(server, {
      path: '/users',
      key: company.users.owner.key,
      body: { name: 'Second owner', role: 'owner' },
    })
    expect((await create(bound.key, { userId })).body.whitelistedIPs).toEqual(['127.0.0.1'])
    expectProblem(await create(bound.key, { userId, whitelistedIPs: null }), 'permission_escalation')
  })

  test('gives free keys to weaker users: that is what it is there for', async () => {
    const bound = await made({ whitelistedIPs: ['127.0.0.1'], expiresAt: inHours(90) })
    const { body } = await create(bound.key, { userId: company.users.developer.id })
    expect(body).toMatchObject({ whitelistedIPs: null, expiresAt: null })
  })

  test('of the operator gives free keys to the owner of a tenant', async () => {
    const bound = await expectCreated(server, {
      path: '/keys',
      body: { userId: server.admin.userId, whitelistedIPs: ['127.0.0.1'] },
    })
    const headers = { 'x-company-id': company.id }
    const body = { userId: company.users.owner.id }
    const answer = await server.call({ method: 'POST', path: '/keys', key: bound.key, headers, body })
    expect(answer.body).toMatchObject({ whitelistedIPs: null })
  })

  test('a person who signed in has no such bound', async () => {
    const email = await givePassword(server, company.users.owner.id, { 'x-company-id': company.id })
    const headers = bearer(await sessionToken(server, email))
    const body = { userId: company.users.owner.id, expiresAt: null, whitelistedIPs: null }
    expect(await server.call({ method: 'POST', path: '/keys', key: null, headers, body })).toMatchObject({
      status: 201,
      body: { expiresAt: null },
    })
  })
})

describe('a key never has more than its maker could give when it was made', () => {
  const ofViewer = (key: string, fields: object = {}): Promise<TestAnswer> =>
    create(key, { userId: company.users.viewer.id, ...fields })

  test.each([
    ['an absent list', {}],
    ['a pattern', { permissions: ['*'] }],
  ])('made by an admin for a viewer with %s, it does not become an owner’s', async (_what, fields) => {
    const { body: byAdmin } = await ofViewer(company.users.admin.key, fields)
    const { body: byOwner } = await ofViewer(company.users.owner.key, fields)
    await setRole('owner')
    expect((await server.call({ path: '/me', key: byAdmin.key })).body.role).toBe('admin')
    expect((await server.call({ path: '/me', key: byOwner.key })).body.role).toBe('owner')
    // An owner's power over owners is what an admin cannot give.
    const demote = {
      method: 'PATCH',
      path: `/users/${company.users.owner.id}`,
      body: { role: 'viewer' },
    } as const
    expectProblem(await server.call({ ...demote, key: byAdmin.key }), 'permission_escalation')
    expect((await server.call({ ...demote, key: byOwner.key })).status).toBe(200)
  })

  test('what a narrow key made has no more than that key after the promotion', async () => {
    const { key: maker } = await made({ permissions: ['keys:create', 'keys:list', 'keys:read'] })
    const { body } = await ofViewer(maker)
    await setRole('admin')
    expect(await permissionsOf(body.key)).toEqual(['keys:create', 'keys:list', 'keys:read'])
  })

  test('who sets its permissions anew gives it those', async () => {
    const { body } = await ofViewer(company.users.admin.key)
    await setRole('owner')
    expect((await patch(company.users.owner.key, body.id, { permissions: null })).status).toBe(200)
    expect((await server.call({ path: '/me', key: body.key })).body.role).toBe('owner')
  })

  test('who repeats its permissions gives it those, too, and must have all of them', async () => {
    const { key: maker } = await made({ permissions: ['keys:create', 'keys:list', 'keys:read'] })
    const { body } = await ofViewer(maker)
    await setRole('owner')
    const { key: narrow } = await made({ permissions: ['keys:update', 'users:list'] })
    expectProblem(await patch(narrow, body.id, { permissions: body.permissions }), 'permission_escalation')
    expect(await permissionsOf(body.key)).toEqual(['keys:create', 'keys:list', 'keys:read'])
  })

  test.each<readonly [string, object]>([
    ['a whole key', {}],
    ['a narrow key', { permissions: ['keys:read', 'keys:update'] }],
    ['a restricted key', { whitelistedIPs: ['127.0.0.1'] }],
    ['a key that ends', { expiresAt: inHours(90) }],
  ])('%s repeats its own permissions, and has what it had', async (_what, fields) => {
    const { id, key, permissions } = await made(fields)
    const before = await permissionsOf(key)
    expect((await patch(key, id, { permissions })).status).toBe(200)
    expect(await permissionsOf(key)).toEqual(before)
  })

  test('a key under a ceiling repeats its own permissions, and stays under it', async () => {
    const power = ['keys:create', 'keys:list', 'keys:read', 'keys:update']
    const { key: maker } = await made({ permissions: power })
    const { body } = await ofViewer(maker)
    await setRole('owner')
    expect((await patch(body.key, body.id, { permissions: body.permissions })).status).toBe(200)
    expect(await permissionsOf(body.key)).toEqual(power)
  })

  test('whoever promotes is told how many keys grow, and who made them', async () => {
    const { admin, owner, viewer } = company.users
    await ofViewer(admin.key)
    await ofViewer(admin.key)
    await ofViewer(owner.key, { permissions: ['keys:list'] })
    const answer = await setRole('admin')
    expect(answer.body.growingKeys).toEqual([
      { createdBy: admin.keyId, count: 2 },
      // The one that came with the company.
      { createdBy: server.admin.keyId, count: 1 },
    ])
    expect((await setRole('admin')).body.growingKeys).toEqual([])
    expect((await setRole('viewer')).body.growingKeys).toEqual([])
    expect(viewer.id).toBe(answer.body.id)
  })
})

describe('where permissions are not said, a key gets as much as its user has and its maker may give', () => {
  const SEED = ['keys:create', 'keys:delete', 'keys:list', 'keys:read']

  test('a client with the four permissions of the seed does its four operations', async () => {
    const { owner } = company.users
    const client = await made({})
    const headers = bearer(await accessToken(server, client, { scope: SEED.join(' ') }))
    const call = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) =>
      server.call({ method, path, key: null, headers, ...(body === undefined ? {} : { body }) })
    const created = await call('POST', '/keys', { userId: owner.id, whitelistedIPs: [] })
    expect(created).toMatchObject({ status: 201, body: { permissions: SEED, whitelistedIPs: null } })
    expect((await call('GET', '/keys')).body.data[0].id).toBe(created.body.id)
    expect((await call('GET', `/keys/${created.body.id}`)).body.permissions).toEqual(SEED)
    expect(await permissionsOf(created.body.key)).toEqual(SEED)
    expect((await call('DELETE', `/keys/${created.body.id}`)).status).toBe(204)
  })

  test('an explicit null means all that the user has, and must be covered', async () => {
    const { owner } = company.users
    const { key } = await made({ permissions: SEED })
    expectProblem(await create(key, { userId: owner.id, permissions: null }), 'permission_escalation')
    expect((await create(owner.key, { userId: owner.id, permissions: null })).body.permissions).toBeNull()
  })

  test('who may give all of it gives null', async () => {
    const { owner, developer } = company.users
    expect((await create(owner.key, { userId: developer.id })).body.permissions).toBeNull()
  })
})
