/** A wildcard means also what a later release knows: so none is written that nobody has asked for. */
import { beforeAll, expect, test } from 'vitest'
import { createTestCompany, expectCreated, type Parsed, type TestCompany, useTestServer } from '../harness.ts'

let company: TestCompany

const server = useTestServer()
beforeAll(async () => {
  company = await createTestCompany(server)
})

const KEYS = ['create', 'delete', 'list', 'read', 'rotate', 'update', 'verify'].map((name) => `keys:${name}`)
const made = (key: string, fields: object): Promise<Parsed> =>
  expectCreated(server, { path: '/keys', key, body: { userId: company.users.admin.id, ...fields } })
const eventOf = async (id: string): Promise<Parsed> =>
  (await server.call({ path: `/audit?objectId=${id}`, key: company.users.owner.key })).body.data[0].changes

test.each([
  ['names every action of an area', KEYS],
  ['has a wildcard itself', ['keys:*']],
])('a key by a maker that %s has them by their names', async (_what, permissions) => {
  const maker = await made(company.users.admin.key, { permissions })
  expect(maker.permissions).toEqual(permissions)
  const key = await made(maker.key, {})
  expect(key.permissions).toEqual(KEYS)
  expect((await eventOf(key.id)).ceiling[1].permissions).toEqual(KEYS)
})

test.each([
  ['made', async (): Promise<string> => (await made(company.users.admin.key, {})).id],
  [
    'given its permissions',
    async () => {
      const { id } = await made(company.users.owner.key, {})
      const body = { permissions: ['users:*'] }
      await server.call({ method: 'PATCH', path: `/keys/${id}`, key: company.users.admin.key, body })
      return id
    },
  ],
])('what an admin could give a key that is %s is kept by its names', async (_what, make) => {
  const { permissions } = (await eventOf(await make())).ceiling[1]
  expect(permissions).toEqual(expect.arrayContaining([...KEYS, 'users:delete', 'audit:read']))
  expect(permissions.filter((name: string) => name.endsWith('*'))).toEqual(['*:*'])
})

test('a wildcard that somebody wrote stays one', async () => {
  const { id, permissions } = await made(company.users.admin.key, { permissions: ['users:*', 'orders:*'] })
  expect(permissions).toEqual(['users:*', 'orders:*'])
  const { body } = await server.call({ path: `/keys/${id}`, key: company.users.owner.key })
  expect(body.permissions).toEqual(permissions)
})
