/** What was granted for a weaker user never serves for a stronger one, and a stronger user is changed by its equals. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { upsertPassword } from '../../src/storage/tables/passwords.ts'
import { expectProblem } from '../answer-checks.ts'
import { createTestCompany, expectCreated, type Parsed, type TestCompany, useTestServer } from '../harness.ts'
import { bearer, PASSWORD } from '../tokens/issued-token.ts'

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' })
let company: TestCompany
let user: Parsed
let count = 0

beforeAll(async () => {
  company = await createTestCompany(server)
})

const newUser = (fields: object): Promise<Parsed> =>
  expectCreated(server, {
    path: '/users',
    key: company.users.owner.key,
    body: { name: 'Ada', role: 'viewer', email: `ada-${++count}@example.com`, ...fields },
  })
beforeEach(async () => {
  user = await newUser({})
})

type By = 'owner' | 'admin'
const patch = (body: object, by: By | string = 'owner', id: string = user.id) =>
  server.call({
    method: 'PATCH',
    path: `/users/${id}`,
    key: by === 'owner' || by === 'admin' ? company.users[by].key : by,
    body,
  })
const invite = async (by: By, id: string = user.id): Promise<string> =>
  (await expectCreated(server, { path: `/users/${id}/invitation`, key: company.users[by].key })).token
const setPassword = (token: string) =>
  server.call({ method: 'POST', path: '/auth/password', key: null, body: { token, password: PASSWORD } })
const signIn = (username: string = user.email) =>
  server.call({ method: 'POST', path: '/auth/token', key: null, body: { username, password: PASSWORD } })
const me = (token: string) => server.call({ path: '/me', key: null, headers: bearer(token) })

describe('an invitation ends when the user changes in', () => {
  test.each<readonly [string, object, object]>([
    ['its role, up', {}, { role: 'owner' }],
    ['its role, up one step', {}, { role: 'developer' }],
    ['its role, down', { role: 'admin' }, { role: 'viewer' }],
    ['its permissions, wider', { role: 'developer', permissions: ['a:b'] }, { permissions: null }],
    ['its permissions, narrower', { role: 'developer' }, { permissions: ['a:b'] }],
    ['its permissions, other ones', { role: 'developer', permissions: ['a:b'] }, { permissions: ['c:d'] }],
    ['its address', {}, { email: 'corrected@example.com' }],
    ['its address, taken away', {}, { email: null }],
    ['its state', {}, { status: 'inactive' }],
    ['its id at an outside issuer', {}, { externalId: 'auth|ada' }],
    ['several at once', {}, { role: 'developer', name: 'Ada L.' }],
  ])('%s, and stays ended when that is put back', async (_, fields, change) => {
    user = await newUser(fields)
    const token = await invite('owner')
    expect((await patch(change)).status).toBe(200)
    expectProblem(await setPassword(token), 'invalid_credentials')
    const { role, permissions, email, status, externalId } = user
    expect((await patch({ role, permissions, email, status, externalId })).status).toBe(200)
    expectProblem(await setPassword(token), 'invalid_credentials')
    expect((await setPassword(await invite('owner'))).status).toBe(200)
  })

  test.each<readonly [string, object]>([
    ['its name', { name: 'Ada Lovelace' }],
    ['nothing', { role: 'viewer', status: 'active' }],
  ])('but not in %s', async (_, change) => {
    const token = await invite('owner')
    expect((await patch(change)).status).toBe(200)
    expect((await setPassword(token)).status).toBe(200)
  })
})

describe('a password that a weaker one gave', () => {
  /** A password given by an admin, who may know it, and a session that was begun with it. */
  async function given(by: By, fields: object): Promise<string> {
    user = await newUser(fields)
    expect((await setPassword(await invite(by))).status).toBe(200)
    return (await signIn()).body.token
  }

  test.each<readonly [string, By, object, object, boolean]>([
    ['an admin’s, for an owner', 'admin', {}, { role: 'owner' }, true],
    ['an admin’s, for an admin', 'admin', {}, { role: 'admin' }, false],
    ['an admin’s, for a developer', 'admin', {}, { role: 'developer' }, false],
    ['an owner’s, for an owner', 'owner', {}, { role: 'owner' }, false],
    ['an admin’s, for who may do less', 'admin', { role: 'admin' }, { role: 'viewer' }, false],
    [
      'an admin’s, for wider permissions it has',
      'admin',
      { role: 'developer', permissions: ['a:b'] },
      { permissions: null },
      false,
    ],
  ])('%s', async (_, by, fields, change, isEnded) => {
    const session = await given(by, fields)
    const answer = await patch(change)
    expect(answer).toMatchObject({ status: 200, body: { passwordEnded: isEnded } })
    expect((await signIn()).status).toBe(isEnded ? 401 : 200)
    expect((await me(session)).status).toBe(isEnded ? 401 : 200)
    expect((await setPassword(await invite('owner'))).status).toBe(200)
    expect((await signIn()).status).toBe(200)
  })

  test('ends by a key that could give less than its user, too', async () => {
    const body = { userId: company.users.admin.id, permissions: ['users:*', 'keys:list', 'keys:read', 'a:b'] }
    const { key } = await expectCreated(server, { path: '/keys', key: company.users.owner.key, body })
    user = await newUser({})
    const { token } = await expectCreated(server, { path: `/users/${user.id}/invitation`, key })
    await setPassword(token)
    expect((await patch({ role: 'developer' })).body.passwordEnded).toBe(true)
    expectProblem(await signIn(), 'invalid_credentials')
  })

  test.each<readonly [By, string, boolean]>([
    ['admin', 'developer', false],
    ['admin', 'admin', true],
    ['admin', 'owner', true],
    ['owner', 'admin', false],
    ['owner', 'owner', true],
  ])('by a key of an %s that ends, for one who becomes %s: %s', async (by, role, isEnded) => {
    const expiresAt = new Date(server.services.clock.nowMs() + 3_600_000).toISOString()
    const body = { userId: company.users[by].id, expiresAt }
    const { key } = await expectCreated(server, { path: '/keys', key: company.users.owner.key, body })
    const { token } = await expectCreated(server, { path: `/users/${user.id}/invitation`, key })
    await setPassword(token)
    expect((await patch({ role })).body.passwordEnded).toBe(isEnded)
    expect((await signIn()).status).toBe(isEnded ? 401 : 200)
  })

  test('by such a key of the operator, which has no equal here, ends for nobody', async () => {
    const body = { userId: server.admin.userId, whitelistedIPs: ['127.0.0.1'] }
    const { key } = await expectCreated(server, { path: '/keys', body })
    const headers = { 'x-company-id': company.id }
    const { token } = await expectCreated(server, { path: `/users/${user.id}/invitation`, key, headers })
    await setPassword(token)
    expect((await patch({ role: 'owner' })).body.passwordEnded).toBe(false)
  })

  test('ends when nobody knows who gave it, since it is from before that was kept', async () => {
    await given('owner', {})
    await server.services.engine.write(async (db) => {
      const row = await db
        .selectFrom('passwords')
        .selectAll()
        .where('user_id', '=', user.id)
        .executeTakeFirstOrThrow()
      await upsertPassword(db, { ...row, giver: null })
    })
    expect((await patch({ role: 'viewer', name: 'Renamed' })).body.passwordEnded).toBe(false)
    expect((await signIn()).status).toBe(200)
    expect((await patch({ role: 'developer' })).body.passwordEnded).toBe(true)
    expectProblem(await signIn(), 'invalid_credentials')
  })

  test('is told in the audit log', async () => {
    await given('admin', {})
    await patch({ role: 'owner' })
    const { body } = await server.call({ path: '/audit?limit=2', key: company.users.owner.key })
    expect(body.data.map(({ action }: Parsed) => action)).toEqual(['user.password_ended', 'user.updated'])
    expect(body.data[0].object).toEqual({ type: 'user', id: user.id })
  })

  test('a user without a password has none to end', async () => {
    expect((await patch({ role: 'owner' })).body.passwordEnded).toBe(false)
  })
})

describe('what a stronger user is known by, and may do, is changed by who could give it', () => {
  let narrow: string
  beforeAll(async () => {
    const body = { userId: company.users.admin.id, permissions: ['users:*', 'keys:list', 'keys:read'] }
    narrow = (await expectCreated(server, { path: '/keys', key: company.users.owner.key, body })).key
  })
  const changes: readonly (readonly [string, object])[] = [
    ['its address', { email: 'mallory@example.com' }],
    ['its address, taken away', { email: null }],
    ['its id at an outside issuer', { externalId: 'auth|mallory' }],
    ['its id at an outside issuer, taken away', { externalId: null }],
    ['its role, down', { role: 'viewer' }],
    ['its role, down, while it is shut out', { role: 'viewer', status: 'inactive' }],
    ['its address, while it is shut out', { email: 'mallory@example.com', status: 'inactive' }],
    ['its id at an outside issuer, while it is shut out', { externalId: 'auth|mallory', status: 'inactive' }],
    ['its permissions', { permissions: [] }],
  ]
  /** Each has something to be taken away. */
  const known = { email: 'admin@example.com', externalId: 'auth|admin' }

  test.each(changes)('%s: not by a key that may change users and little else', async (_, change) => {
    const admin = await newUser({ role: 'admin', ...known })
    expectProblem(await patch(change, narrow, admin.id), 'permission_escalation')
    const { body } = await server.call({ path: `/users/${admin.id}`, key: narrow })
    expect(body).toEqual(admin)
    await patch({ email: null, externalId: null }, 'owner', admin.id)
  })

  test.each(changes)('%s: by its equal', async (_, change) => {
    const admin = await newUser({ role: 'admin', ...known })
    expect((await patch(change, 'admin', admin.id)).status).toBe(200)
    await patch({ email: null, externalId: null }, 'owner', admin.id)
  })

  test.each(changes)('%s: of a viewer, by that key', async (_, change) => {
    const viewer = await newUser({ ...known })
    expect((await patch(change, narrow, viewer.id)).status).toBe(200)
    await patch({ email: null, externalId: null }, 'owner', viewer.id)
  })

  test('shutting it out alone is for everyone who may change users', async () => {
    const admin = await newUser({ role: 'admin', ...known })
    expect((await patch({ status: 'inactive' }, narrow, admin.id)).status).toBe(200)
    expectProblem(await patch({ status: 'active' }, narrow, admin.id), 'permission_escalation')
    expectProblem(await patch({ email: null }, narrow, admin.id), 'permission_escalation')
    await patch({ email: null, externalId: null }, 'owner', admin.id)
  })

  test('what changes nothing is no change', async () => {
    const admin = await newUser({ role: 'admin', ...known })
    expect((await patch({ ...known, role: 'admin' }, narrow, admin.id)).status).toBe(200)
    await patch({ email: null, externalId: null }, 'owner', admin.id)
  })
})
