import { beforeAll, describe, expect, test } from 'vitest'
import { verifyChain } from '../../../src/audit/verify-chain.ts'
import { comparable, expectEveryAnswer, expectProblem } from '../../answer-checks.ts'
import { companyKeys } from '../../company-keys.ts'
import { createFakeClock } from '../../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type TestAnswer,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../../harness.ts'

const clock = createFakeClock()
const server = useTestServer({}, { clock })
let company: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
})

const { admin, create, read } = companyKeys(server, () => company)
const remove = (id: string, request: Partial<TestRequest> = {}): Promise<TestAnswer> =>
  server.call({ key: admin(), ...request, method: 'DELETE', path: `/keys/${id}` })
const eventsOf = async (id: string): Promise<readonly { readonly action: string }[]> =>
  (await server.call({ path: `/audit?objectId=${id}`, key: admin() })).body.data
const totalOf = async (status: string): Promise<number> =>
  (await server.call({ path: `/keys?status=${status}&limit=1`, key: admin() })).body.total

function expectGone(answer: TestAnswer): void {
  expect(answer).toMatchObject({ status: 204, text: '' })
  expectEveryAnswer(answer)
  expect(answer.headers).not.toHaveProperty('content-type')
}

describe('a deleted key', () => {
  test('is refused from the answer on, by every way of using it', async () => {
    const { id, key } = await create()
    const token = await server.call({
      method: 'POST',
      path: '/auth/token/short-lived',
      key,
      body: { permissions: ['keys:list'] },
    })
    // Known to memory in both forms, so that a stale yes would be at hand.
    const bearer = { key: null, headers: { authorization: `Bearer ${token.body.token}` } }
    expect((await server.call({ path: '/keys', ...bearer })).status).toBe(200)
    expect((await server.call({ path: '/me', key })).status).toBe(200)
    expectGone(await remove(id))
    expectProblem(await server.call({ path: '/me', key }), 'key_inactive')
    expect((await server.call({ path: '/keys', ...bearer })).status).toBe(401)
    const verified = await server.call({ method: 'POST', path: '/verify', key: admin(), body: { key } })
    expect(verified.body).toMatchObject({ valid: false, code: 'INACTIVE', keyId: id })
    const oauth = await server.call({
      method: 'POST',
      path: '/oauth/token',
      key: null,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      text: `grant_type=client_credentials&client_id=${id}&client_secret=${key}`,
    })
    expect(oauth).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })

  test('is deleted once: again is 204, without a second event, another moment or a moved counter', async () => {
    const { id } = await create()
    const [active, inactive] = [await totalOf('active'), await totalOf('inactive')]
    expectGone(await remove(id))
    const before = await read(id)
    for (let count = 0; count < 3; count++) {
      clock.move(1_000)
      expectGone(await remove(id))
    }
    expect(await read(id)).toEqual(before)
    expect((await eventsOf(id)).map(({ action }) => action)).toEqual(['key.deleted', 'key.created'])
    expect([await totalOf('active'), await totalOf('inactive')]).toEqual([active - 1, inactive + 1])
  })

  test('cannot be changed back: enabling is refused, and so is its secret', async () => {
    const { id, key } = await create()
    await remove(id)
    const path = `/keys/${id}`
    const enabling = await server.call({ method: 'PATCH', path, key: admin(), body: { enabled: true } })
    expectProblem(enabling, { code: 'invalid_field', pointer: '/enabled' })
    const describing = await server.call({
      method: 'PATCH',
      path,
      key: admin(),
      body: { description: 'old' },
    })
    expect(describing.body).toMatchObject({ status: 'inactive', statusReason: 'deleted', description: 'old' })
    expectProblem(await server.call({ path: '/me', key }), 'key_inactive')
  })

  test('that was disabled moves no counter a second time', async () => {
    const { id } = await create()
    await server.call({ method: 'PATCH', path: `/keys/${id}`, key: admin(), body: { enabled: false } })
    const before = [await totalOf('active'), await totalOf('inactive'), await totalOf('all')]
    expectGone(await remove(id))
    expect([await totalOf('active'), await totalOf('inactive'), await totalOf('all')]).toEqual(before)
  })
})

describe('the request', () => {
  test.each<readonly [name: string, request: Partial<TestRequest>]>([
    ['an object', { body: { status: 'active' } }],
    ['broken JSON', { text: '{"' }],
    ['text', { text: 'x', headers: { 'content-type': 'text/plain' } }],
    ['an odd type', { text: 'x', headers: { 'content-type': 'odd' } }],
    ['more than any body may have', { text: 'x'.repeat(200_000) }],
  ])('may carry a body, which is ignored: %s', async (_, request) => {
    const { id } = await create()
    expectGone(await remove(id, request))
    expect((await read(id)).statusReason).toBe('deleted')
  })

  test('by the key itself is allowed, whatever its permissions, and is the last thing it does', async () => {
    const { id, key } = await create({ permissions: [] })
    expectGone(await remove(id, { key }))
    expectProblem(await remove(id, { key }), 'key_inactive')
    expect((await eventsOf(id))[0]).toMatchObject({
      action: 'key.deleted',
      actor: { type: 'key', id, userId: company.users.developer.id },
    })
  })

  test('by a key without the permission is 403 for every other key', async () => {
    const [own, neighbour] = [await create({ permissions: [] }), await create()]
    expectProblem(await remove(neighbour.id, { key: own.key }), 'missing_permission')
    expectProblem(await remove('key_00000000000000000000000000', { key: own.key }), 'missing_permission')
    expect((await read(neighbour.id)).status).toBe('active')
  })

  test('by a developer is for its own keys only', async () => {
    const [own, foreign] = [await create(), await create({ userId: company.users.viewer.id })]
    const { key } = company.users.developer
    expectProblem(await remove(foreign.id, { key }), 'missing_permission')
    expect((await read(foreign.id)).status).toBe('active')
    expectGone(await remove(own.id, { key }))
  })

  test('by a viewer is refused', async () => {
    const { id } = await create()
    expectProblem(await remove(id, { key: company.users.viewer.key }), 'missing_permission')
  })

  test('for an unknown, malformed or foreign id is one 404, and deletes nothing', async () => {
    const other = await createTestCompany(server)
    const expected = comparable(await remove('key_00000000000000000000000000'))
    for (const wrong of [other.users.viewer.keyId, company.users.viewer.id, 'x', 'key_', '%25', '*']) {
      const answer = await remove(wrong)
      expectProblem(answer, 'key_not_found')
      expect(comparable(answer)).toEqual(expected)
    }
    expect((await server.call({ path: '/me', key: other.users.viewer.key })).status).toBe(200)
  })
})

test('a key of somebody above can be deleted, but not changed, not even to disable it', async () => {
  const { owner } = company.users
  const above = await expectCreated(server, { path: '/keys', key: owner.key, body: { userId: owner.id } })
  const path = `/keys/${above.id}`
  const disabling = await server.call({ method: 'PATCH', path, key: admin(), body: { enabled: false } })
  expectProblem(disabling, 'permission_escalation')
  expect((await server.call({ path: '/me', key: above.key })).status).toBe(200)
  expectGone(await remove(above.id))
  expectProblem(await server.call({ path: '/me', key: above.key }), 'key_inactive')
})

test('a key deleted many times at once is deleted once', async () => {
  const { id } = await create()
  const answers = await Promise.all(Array.from({ length: 20 }, () => remove(id)))
  for (const answer of answers) expectGone(answer)
  expect((await eventsOf(id)).map(({ action }) => action)).toEqual(['key.deleted', 'key.created'])
  const { engine, chain } = server.services
  expect(await engine.read((db) => verifyChain(db, chain, company.id as `cmp_${string}`))).toMatchObject({
    isIntact: true,
  })
})
