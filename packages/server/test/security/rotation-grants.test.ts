/** To give a key a new secret is to give the key away: nothing grows by it, and nothing that ends lives on. */
import { beforeEach, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { createTestCompany, expectCreated, type Parsed, type TestCompany, useTestServer } from '../harness.ts'
import { accessToken, bearer } from '../tokens/issued-token.ts'

let company: TestCompany
const clock = createFakeClock()

const server = useTestServer({}, { clock })
beforeEach(async () => {
  company = await createTestCompany(server)
})

const rotate = (key: string, id: string) =>
  server.call({ method: 'POST', path: `/keys/${id}/rotation`, key, body: { overlapSeconds: 3_600 } })
const promote = (role: string) =>
  server.call({
    method: 'PATCH',
    path: `/users/${company.users.viewer.id}`,
    key: company.users.owner.key,
    body: { role },
  })
const roleOf = async (key: string): Promise<Parsed> => (await server.call({ path: '/me', key })).body.role
const later = () => new Date(clock.nowMs() + 24 * HOUR_MS).toISOString()

describe('a key whose secret a weaker user was given', () => {
  test.each([
    ['admin', 'owner', 'admin'],
    ['admin', 'admin', 'admin'],
    ['owner', 'owner', 'owner'],
  ] as const)(
    'rotated by the %s, of a viewer who becomes %s, is that of an %s',
    async (by, role, expected) => {
      const { keyId } = company.users.viewer
      const answer = await rotate(company.users[by].key, keyId)
      expect(answer.status, answer.text).toBe(201)
      await promote(role)
      expect(await roleOf(answer.body.key)).toBe(expected)
    },
  )

  test('rotated by a key that may do little, stays as small', async () => {
    const { owner, viewer } = company.users
    const held: Parsed = (await server.call({ path: '/me', key: viewer.key })).body.permissions
    const permissions = [...new Set([...held, 'keys:rotate'])]
    const { key } = await expectCreated(server, {
      path: '/keys',
      key: owner.key,
      body: { userId: owner.id, permissions },
    })
    const answer = await rotate(key, viewer.keyId)
    expect(answer.status, answer.text).toBe(201)
    await promote('owner')
    const after: Parsed = (await server.call({ path: '/me', key: answer.body.key })).body.permissions
    expect(after.every((permission: string) => permissions.includes(permission))).toBe(true)
  })
})

describe('a secret that was replaced', () => {
  const asks = [
    ['lengthen its life', 'PATCH', () => ({ previousEndsAt: later() }), 200],
    ['cancel what replaces it', 'DELETE', () => undefined, 204],
  ] as const

  test.each(asks)('does not %s, nor does a token of it', async (_what, method, body, status) => {
    const { key, keyId: id } = company.users.owner
    const fresh: string = (await rotate(key, id)).body.key
    const request = {
      method,
      path: `/keys/${id}/rotation`,
      ...(body() === undefined ? {} : { body: body() }),
    }
    expectProblem(await server.call({ ...request, key }), 'permission_escalation')
    const headers = bearer(await accessToken(server, { id, key }))
    expectProblem(await server.call({ ...request, key: null, headers }), 'permission_escalation')
    // Its successor can.
    expect((await server.call({ ...request, key: fresh })).status).toBe(status)
  })

  test('ends itself sooner', async () => {
    const { key, keyId } = company.users.owner
    await rotate(key, keyId)
    const body = { previousEndsAt: new Date(clock.nowMs()).toISOString() }
    expect((await server.call({ method: 'PATCH', path: `/keys/${keyId}/rotation`, key, body })).status).toBe(
      200,
    )
  })
})

test('a key of a deleted user has no secret to replace', async () => {
  const { owner, viewer } = company.users
  await server.call({ method: 'DELETE', path: `/keys/${viewer.keyId}`, key: owner.key })
  const answer = await server.call({ method: 'DELETE', path: `/users/${viewer.id}`, key: owner.key })
  expect(answer.status, answer.text).toBe(204)
  expectProblem(await rotate(owner.key, viewer.keyId), 'key_not_active')
})
