/** A user's own list of permissions narrows every key of that user, whoever makes or changes it. */
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createTestCompany, expectCreated, type Parsed, type TestCompany, useTestServer } from '../harness.ts'

const server = useTestServer()
let company: TestCompany
/** A developer who may read orders and do anything with bills, and nothing else of the application. */
let user: Parsed

beforeAll(async () => {
  company = await createTestCompany(server)
  const body = { name: 'Ada', role: 'developer', permissions: ['orders:read', 'bills:*'] }
  user = await expectCreated(server, { path: '/users', key: company.users.owner.key, body })
})

const create = (fields: object, key = company.users.owner.key) =>
  server.call({ method: 'POST', path: '/keys', key, body: { userId: user.id, ...fields } })
const patch = (id: string, fields: object, key = company.users.owner.key) =>
  server.call({ method: 'PATCH', path: `/keys/${id}`, key, body: fields })
const verdict = async (key: string, permission: string): Promise<string> => {
  const body = { key, permissions: [permission] }
  return (await server.call({ method: 'POST', path: '/verify', key: company.users.admin.key, body })).body
    .code
}
const held = async (key: string) =>
  Promise.all(
    ['orders:read', 'orders:write', 'bills:pay', 'files:read', 'keys:list'].map((one) => verdict(key, one)),
  )
const [YES, NO] = ['VALID', 'INSUFFICIENT_PERMISSIONS']

describe('a key of that user', () => {
  test.each<[string, object, string[]]>([
    ['about which nothing is said', {}, [YES, NO, YES, NO, YES]],
    ['that has all of the user', { permissions: null }, [YES, NO, YES, NO, YES]],
    ['with patterns of more', { permissions: ['orders:*', 'files:*'] }, [YES, NO, NO, NO, NO]],
    ['with everything', { permissions: ['*'] }, [YES, NO, YES, NO, YES]],
    ['with some of it', { permissions: ['bills:pay'] }, [NO, NO, YES, NO, NO]],
  ])('%s', async (_name, fields, verdicts) => {
    const { status, body } = await create(fields)
    expect(status).toBe(201)
    expect(await held(body.key)).toEqual(verdicts)
  })

  test.each([
    [['orders:write'], 0, 'orders:write'],
    [['orders:read', 'files:read'], 1, 'files:read'],
    [['bills:pay', 'audit:read'], 1, 'audit:read'],
  ])('cannot be made for %j: the user has no %s', async (permissions, index, missing) => {
    const answer = await create({ permissions })
    const { errors } = expectProblem(answer, { code: 'invalid_field', pointer: `/permissions/${index}` })
    expect(errors[0].detail).toBe(
      `${missing} is not a permission of the user (role developer): a key can only be narrower than its user.`,
    )
  })

  test('cannot be changed to name what the user lacks; what stands there may stay', async () => {
    const { body } = await create({ permissions: ['orders:read', 'bills:pay'] })
    const answer = await patch(body.id, { permissions: ['orders:read', 'orders:write', 'audit:read'] })
    const { errors } = expectProblem(answer, { code: 'invalid_field', pointer: '/permissions/1' })
    expect(errors[0].detail).toBe(
      'orders:write is not a permission of the user (role developer): a key can only be narrower than its user.',
    )
    expect(errors[1].pointer).toBe('/permissions/2')
    const path = `/users/${user.id}`
    const owner = { method: 'PATCH', path, key: company.users.owner.key } as const
    await server.call({ ...owner, body: { permissions: ['orders:read'] } })
    expect((await patch(body.id, { permissions: ['bills:pay'] })).status).toBe(200)
    expectProblem(await patch(body.id, { permissions: ['bills:pay', 'files:read'] }), 'invalid_field')
    await server.call({ ...owner, body: { permissions: ['orders:read', 'bills:*'] } })
  })

  test('that is changed to have more has no more than the user', async () => {
    const { body } = await create({ permissions: ['orders:read'] })
    expect(await held(body.key)).toEqual([YES, NO, NO, NO, NO])
    for (const permissions of [null, ['orders:*', 'bills:*', 'files:*', 'keys:*']]) {
      expect((await patch(body.id, { permissions })).status).toBe(200)
      expect(await held(body.key)).toEqual([YES, NO, YES, NO, YES])
    }
  })
})

describe('whoever has no more than that user', () => {
  /** An admin's key that may do with keys what it wants, and no more of the application than the user. */
  const narrowKey = async (permissions: readonly string[]): Promise<string> => {
    const body = { userId: company.users.admin.id, permissions: ['keys:*', ...permissions] }
    return (await expectCreated(server, { path: '/keys', key: company.users.owner.key, body })).key
  }

  test('may give a key all that the user has, for that is no more', async () => {
    const key = await narrowKey(['orders:read', 'bills:*'])
    const { status, body } = await create({ permissions: null }, key)
    expect(status).toBe(201)
    expect(await held(body.key)).toEqual([YES, NO, YES, NO, YES])
    const narrow = (await create({ permissions: ['orders:read'] }, key)).body
    expect((await patch(narrow.id, { permissions: null }, key)).status).toBe(200)
    expect(await held(narrow.key)).toEqual([YES, NO, YES, NO, YES])
  })

  test.each([[['orders:read']], [['orders:read', 'bills:pay']], [['bills:*']]])(
    'may not when it has %j only',
    async (permissions) => {
      const key = await narrowKey(permissions)
      expectProblem(await create({ permissions: null }, key), 'permission_escalation')
      const { id } = (await create({ permissions: [] })).body
      expectProblem(await patch(id, { permissions: null }, key), 'permission_escalation')
    },
  )
})
