/** A user who is deleted is gone from everywhere but its id, and nothing of it works. */
import type { KeyId } from '@latchkey/core/ids'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { verifyStore } from '../../src/audit/verify-store.ts'
import { setPasswordOnHost } from '../../src/host/users-on-host.ts'
import { createTestCompany, expectCreated, type Parsed, type TestCompany, useTestServer } from '../harness.ts'
import { insertStoredKeys } from '../stored-keys.ts'
import { givePassword, PASSWORD, sessionToken } from '../tokens/issued-token.ts'

const NAME = 'Ada Augusta King-Noel'
const NOTE = 'the laptop of the countess'

const server = useTestServer()
let user: Parsed
let key: Parsed
let email: string
let company: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
})
beforeEach(async () => {
  user = await expectCreated(server, { path: '/users', body: { name: NAME, role: 'developer' } })
  await patch({ externalId: `auth0|${user.id}` })
  email = await givePassword(server, user.id)
  key = await expectCreated(server, {
    path: '/keys',
    body: { userId: user.id, description: NOTE, metadata: { note: NOTE } },
  })
})

const patch = (body: object) => server.call({ method: 'PATCH', path: `/users/${user.id}`, body })
const remove = (id = user.id, request: object = {}) =>
  server.call({ method: 'DELETE', path: `/users/${id}`, ...request })
const disable = () => server.call({ method: 'PATCH', path: `/keys/${key.id}`, body: { enabled: false } })
const isWhole = async () => (await verifyStore(server.services)).chains.every(({ report }) => report.isIntact)

/** All rows of the tables that hold something of a user, as text. */
async function stored(): Promise<string> {
  const tables = [
    'users',
    'keys',
    'key_usage',
    'passwords',
    'invitations',
    'sessions',
    'known_sources',
    'audit_events',
  ]
  const rows: unknown[] = []
  for (const table of tables) {
    rows.push(
      await server.services.engine.read((db) =>
        db
          .selectFrom(table as never)
          .selectAll()
          .execute(),
      ),
    )
  }
  return JSON.stringify(rows)
}

test('is nowhere but by its id, and the chain holds', async () => {
  await sessionToken(server, email)
  await patch({ name: `${NAME} Byron` })
  await disable()
  const before = (await server.call({ path: '/users' })).body.total
  expect(await remove()).toMatchObject({ status: 204, text: '' })
  expect((await server.call({ path: `/users/${user.id}` })).status).toBe(404)
  const list = (await server.call({ path: '/users?limit=100' })).body
  expect(list.total).toBe(before - 1)
  expect(list.data.map(({ id }: Parsed) => id)).not.toContain(user.id)
  const text = await stored()
  for (const personal of [NAME, email, `auth0|${user.id}`]) expect(text).not.toContain(personal)
  const { data } = (await server.call({ path: `/audit?objectId=${user.id}` })).body
  expect(data[0]).toMatchObject({ action: 'user.deleted', changes: {} })
  expect(await isWhole()).toBe(true)
})

test('what was written on its keys is gone, and none comes back', async () => {
  await disable()
  await remove()
  const shown = (await server.call({ path: `/keys/${key.id}` })).body
  expect(shown).toMatchObject({ description: null, metadata: {}, deletedAt: expect.any(String) })
  for (const body of [{ enabled: true }, { description: 'mine' }]) {
    const answer = await server.call({ method: 'PATCH', path: `/keys/${key.id}`, body })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  }
  expect((await server.call({ method: 'DELETE', path: `/keys/${key.id}` })).status).toBe(204)
  const verdict = await server.call({ method: 'POST', path: '/verify', body: { key: key.key } })
  expect(verdict.body.valid).toBe(false)
  const made = await server.call({ method: 'POST', path: '/keys', body: { userId: user.id } })
  expect(made.body.code).toBe('user_not_found')
})

describe('one that had very many keys', () => {
  const STEP = 250
  const written = async () => (await stored()).split(NOTE).length - 1
  const eventsOf = async (): Promise<Parsed[]> =>
    (await server.call({ path: `/audit?objectId=${user.id}` })).body.data

  test.each([
    [STEP - 2, ['user.deleted']],
    [STEP - 1, ['user.deleted', 'user.updated']],
    [2 * STEP + 7, ['user.deleted', 'user.updated']],
  ])('and %i more is gone too, in changes that leave others their turn', async (count, actions) => {
    await disable()
    const row = { status: 'inactive', is_enabled: 0, description: NOTE, metadata: `{"a":"${NOTE}"}` } as const
    const keys = Array.from({ length: count }, () => row)
    const ids = await insertStoredKeys(server.services, { companyId: user.companyId, userId: user.id, keys })
    expect(await written()).toBe(2 * count + 2)
    const answer = await remove()
    expect(answer.status, answer.text).toBe(204)
    expect(await written()).toBe(0)
    for (const id of [ids.at(0), ids.at(STEP), ids.at(-1)]) {
      if (id === undefined) continue
      expect((await server.call({ path: `/keys/${id}` })).body.deletedAt).toEqual(expect.any(String))
    }
    const events = await eventsOf()
    expect(events.slice(0, actions.length).map(({ action }) => action)).toEqual(actions)
    // Before the first of them is touched nobody can act as the user any more.
    if (actions.length > 1) expect(events[1].changes).toEqual({ status: ['active', 'inactive'] })
    expect(await isWhole()).toBe(true)
  })
})

test('a use that was not stored yet does not bring its address back', async () => {
  const from = '203.0.113.78'
  expect((await server.call({ path: '/me', key: key.key, from })).status).toBe(200)
  await disable()
  expect((await remove()).status).toBe(204)
  await server.services.usage.flush()
  expect(JSON.stringify(await usesOf(key.id))).not.toContain(from)
})

test('from where its keys were used is gone, by a secret that was replaced too', async () => {
  const from = '203.0.113.77'
  const use = (secret: string) => server.call({ path: '/me', key: secret, from })
  const { body } = await server.call({ method: 'POST', path: `/keys/${key.id}/rotation`, body: {} })
  for (const secret of [key.key, body.key]) expect((await use(secret)).status).toBe(200)
  await server.services.usage.flush()
  const addresses = async () => JSON.stringify(await usesOf(key.id))
  expect(await addresses()).toMatch(new RegExp(`${from}.*${from}`))
  await disable()
  expect((await remove()).status).toBe(204)
  expect(await addresses()).not.toContain(from)
})

/** What is noted of the key's use, and of the secrets it had. */
async function usesOf(id: KeyId) {
  return server.services.engine.read(async (db) => [
    await db.selectFrom('key_usage').select('last_address').where('key_id', '=', id).execute(),
    await db.selectFrom('secrets').select('last_address').where('key_id', '=', id).execute(),
  ])
}

test('its session, password and invitation end with it', async () => {
  const headers = { authorization: `Bearer ${await sessionToken(server, email)}` }
  const { token } = await expectCreated(server, { path: `/users/${user.id}/invitation` })
  await disable()
  expect((await remove()).status).toBe(204)
  expect((await server.call({ path: '/me', key: null, headers })).status).toBe(401)
  const calls = [
    ['/auth/token', { username: email, password: PASSWORD }],
    ['/auth/password', { token, password: 'another password of mine' }],
  ] as const
  for (const [path, body] of calls) {
    expect((await server.call({ method: 'POST', path, key: null, body })).status).toBe(401)
  }
  await expect(setPasswordOnHost(server.services, user.id, 'another one')).rejects.toMatchObject({
    code: 'user_not_found',
  })
  for (const [method, path, body] of [
    ['PATCH', '', { status: 'active' }],
    ['POST', '/invitation', undefined],
  ] as const) {
    const answer = await server.call({ method, path: `/users/${user.id}${path}`, ...(body && { body }) })
    expect(answer.body.code).toBe('user_not_found')
  }
})

test('is deleted once: again is 204, with the same promise, without a second event or a moved counter', async () => {
  await disable()
  expect((await remove()).status).toBe(204)
  const { total } = (await server.call({ path: '/users' })).body
  const { revision } = server.services.revocations.position()
  expect(await remove()).toMatchObject({ status: 204, text: '' })
  expect(server.services.revocations.position().revision).toBeGreaterThan(revision)
  expect((await server.call({ path: '/users' })).body.total).toBe(total)
  const { data } = (await server.call({ path: `/audit?objectId=${user.id}` })).body
  expect(data.filter(({ action }: Parsed) => action === 'user.deleted')).toHaveLength(1)
  expect(await isWhole()).toBe(true)
})

test('its address and external id are free again, and a page goes on from where it was', async () => {
  await disable()
  const after = await expectCreated(server, { path: '/users', body: { name: 'Bob', role: 'viewer' } })
  await remove()
  const page = await server.call({ path: `/users?endingBefore=${user.id}&limit=1` })
  expect(page.body.data.map(({ id }: Parsed) => id)).toEqual([after.id])
  const body = { name: 'Eve', role: 'viewer', email, externalId: `auth0|${user.id}` }
  await expectCreated(server, { path: '/users', body })
})

describe('is refused', () => {
  test('while it has an active key, of which nothing is changed', async () => {
    const answer = await remove()
    expect(answer).toMatchObject({ status: 409, body: { code: 'user_has_keys' } })
    expect(answer.body.detail).toContain('1 active key')
    expect((await server.call({ path: `/users/${user.id}` })).body.name).toBe(NAME)
    const verdict = await server.call({ method: 'POST', path: '/verify', body: { key: key.key } })
    expect(verdict.body.valid).toBe(true)
  })

  test('for the operator’s last owner', async () => {
    const owner = server.admin.userId
    expect((await remove(owner)).body.code).toBe('last_owner')
  })

  test.each(['admin', 'developer', 'viewer'] as const)('of an owner by its %s', async (role) => {
    const answer = await remove(company.users.owner.id, { key: company.users[role].key })
    expect(answer).toMatchObject({ status: 403 })
  })

  test('by a key that may only change users', async () => {
    const { key: narrowed } = await expectCreated(server, {
      path: '/keys',
      body: { userId: server.admin.userId, permissions: ['users:update', 'users:read'] },
    })
    expect((await remove(user.id, { key: narrowed })).body.code).toBe('missing_permission')
  })

  test('of another company’s, as one that is not there, when it was deleted too', async () => {
    const byOther = () => remove(user.id, { key: company.users.owner.key })
    expect(await byOther()).toMatchObject({ status: 404, body: { code: 'user_not_found' } })
    await disable()
    expect((await remove()).status).toBe(204)
    expect(await byOther()).toMatchObject({ status: 404, body: { code: 'user_not_found' } })
  })

  test('again of an owner by an admin', async () => {
    const owner = company.users.owner.key
    const { id } = await expectCreated(server, {
      path: '/users',
      key: owner,
      body: { name: 'Bo', role: 'owner' },
    })
    expect((await remove(id, { key: owner })).status).toBe(204)
    expect((await remove(id, { key: company.users.admin.key })).body.code).toBe('permission_escalation')
  })
})
