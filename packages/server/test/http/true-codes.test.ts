/** A code says what stands in the way, and a sentence nothing that is not so. */
import { describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { expectCreated, useTestServer } from '../harness.ts'

const server = useTestServer()

const post = (path: string, body: unknown) => server.call({ method: 'POST', path, body })
const patch = (path: string, body: unknown) => server.call({ method: 'PATCH', path, body })

describe('what only one may have', () => {
  test('an external id of a user that is taken, on creation and on change', async () => {
    const user = { name: 'Ada', role: 'viewer' }
    await expectCreated(server, { path: '/users', body: { ...user, externalId: 'svc' } })
    const other = await expectCreated(server, { path: '/users', body: user })
    const taken = { code: 'already_exists', pointer: '/externalId' } as const
    expectProblem(await post('/users', { ...user, externalId: 'svc' }), taken)
    expectProblem(await patch(`/users/${other.id}`, { externalId: 'svc' }), taken)
    expect((await patch(`/users/${other.id}`, { externalId: 'svc2' })).status).toBe(200)
    expect((await patch(`/users/${other.id}`, { externalId: 'svc2' })).status).toBe(200)
  })

  test('an email address that is taken in the company', async () => {
    const user = { name: 'Ada', role: 'viewer', email: 'ada@example.com' }
    await expectCreated(server, { path: '/users', body: user })
    for (const email of ['ada@example.com', 'ADA@example.com']) {
      const taken = { code: 'already_exists', pointer: '/email' } as const
      expectProblem(await post('/users', { ...user, email }), taken)
    }
  })

  test('an external id of a company that is taken', async () => {
    await expectCreated(server, { path: '/companies', body: { name: 'Acme', externalId: 'org' } })
    const other = await expectCreated(server, { path: '/companies', body: { name: 'Zeta' } })
    const taken = { code: 'already_exists', pointer: '/externalId' } as const
    expectProblem(await post('/companies', { name: 'Beta', externalId: 'org' }), taken)
    expectProblem(await patch(`/companies/${other.id}`, { externalId: 'org' }), taken)
  })

  test('is told together with what else is wrong', async () => {
    const body = { name: 'Ada', role: 'viewer', externalId: 'svc', permissions: ['keys:list'] }
    const { errors } = expectProblem(await post('/users', body), 'invalid_body')
    expect(errors.map(({ code }: { code: string }) => code).sort()).toEqual([
      'already_exists',
      'invalid_field',
    ])
  })
})

test('the operator’s company cannot be deactivated, for a reason of its own', async () => {
  const { companyId } = server.admin
  const { detail } = expectProblem(
    await patch(`/companies/${companyId}`, { status: 'inactive' }),
    'operator_company',
  )
  expect(detail).toContain("operator's company")
  expect((await patch(`/companies/${companyId}`, { name: 'Operator' })).status).toBe(200)
  const last = await patch(`/users/${server.admin.userId}`, { status: 'inactive' })
  expectProblem(last, 'last_owner')
})

describe('a field that an operation does not take', () => {
  test.each([
    ['PATCH', '/keys', 'userId', 'is taken by POST /keys only'],
    ['PATCH', '/keys', 'mode', 'is taken by POST /keys only'],
    ['POST', '/keys', 'enabled', 'is taken by PATCH /keys/{keyId} only'],
    ['POST', '/users', 'status', 'is taken by PATCH /users/{userId} only'],
    ['POST', '/companies', 'status', 'is taken by PATCH /companies/{companyId} only'],
    ['PATCH', '/keys', 'status', 'is set by the service'],
    ['PATCH', '/keys', 'key', 'is set by the service'],
    ['POST', '/keys', 'companyId', 'is set by the service'],
    ['PATCH', '/users', 'companyId', 'is set by the service'],
    ['PATCH', '/companies', 'createdAt', 'is set by the service'],
  ] as const)('%s %s: %s %s', async (method, path, name, words) => {
    const ids = {
      '/keys': server.admin.keyId,
      '/users': server.admin.userId,
      '/companies': server.admin.companyId,
    }
    const target = method === 'PATCH' ? `${path}/${ids[path]}` : path
    const body = { name: 'x', description: 'x', userId: 'usr_x', role: 'viewer', [name]: 'x' }
    const answer = await server.call({ method, path: target, body })
    const fault = answer.body.errors.find(({ pointer }: { pointer: string }) => pointer === `/${name}`)
    expect(fault).toMatchObject({ code: 'read_only_field', detail: expect.stringContaining(words) })
  })
})

test('the page of ip_not_allowed says both ways out', async () => {
  const { text } = await server.call({ path: '/errors/ip_not_allowed', key: null })
  expect(text).toContain('add it to whitelistedIPs')
  expect(text).toContain('LATCHKEY_TRUSTED_PROXIES')
})
