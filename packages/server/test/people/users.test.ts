/** Who may make and change whom. */
import { isAboveRole, ROLES, type Role } from '@latchkey/core/permission'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createTestCompany, expectCreated, type Parsed, type TestCompany, useTestServer } from '../harness.ts'

const server = useTestServer()
let company: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
})

let count = 0
const unique = (text: string) => `${text}-${++count}`

/** As the operator, in the company of these tests. */
const headers = () => ({ 'x-company-id': company.id })
const newUser = (fields: object = {}): Promise<Parsed> =>
  expectCreated(server, {
    path: '/users',
    headers: headers(),
    body: { name: 'Ada', role: 'viewer', ...fields },
  })
const newKey = async (fields: object): Promise<string> =>
  (await expectCreated(server, { path: '/keys', headers: headers(), body: fields })).key
const create = (key: string, body: object) => server.call({ method: 'POST', path: '/users', key, body })
const patch = (key: string, id: string, body: object) =>
  server.call({ method: 'PATCH', path: `/users/${id}`, key, body })
const invite = (key: string, id: string) =>
  server.call({ method: 'POST', path: `/users/${id}/invitation`, key })

const pairs = ROLES.flatMap((caller) => ROLES.map((role) => [caller, role] as const))
/** Only these roles may change users at all. */
const isAllowed = (caller: Role) => caller === 'owner' || caller === 'admin'

describe('nobody touches what stands above', () => {
  test.each(pairs)('%s creates %s', async (caller, role) => {
    const answer = await create(company.users[caller].key, { name: 'New', role })
    if (!isAllowed(caller)) expectProblem(answer, 'missing_permission')
    else if (isAboveRole(role, caller)) expectProblem(answer, 'permission_escalation')
    else expect(answer).toMatchObject({ status: 201, body: { role, companyId: company.id } })
  })

  test.each(pairs)('%s changes, deactivates and invites %s', async (caller, role) => {
    const { id } = await newUser({ role, email: `${unique('user')}@example.com` })
    const { key } = company.users[caller]
    for (const answer of [
      await patch(key, id, { name: 'Changed' }),
      await invite(key, id),
      await patch(key, id, { status: 'inactive' }),
    ]) {
      if (!isAllowed(caller)) expectProblem(answer, 'missing_permission')
      else if (isAboveRole(role, caller)) expectProblem(answer, 'permission_escalation')
      else expect([200, 201]).toContain(answer.status)
    }
  })

  test.each(pairs)('%s makes a viewer %s', async (caller, role) => {
    const { id } = await newUser()
    const answer = await patch(company.users[caller].key, id, { role })
    if (!isAllowed(caller)) expectProblem(answer, 'missing_permission')
    else if (isAboveRole(role, caller)) expectProblem(answer, 'permission_escalation')
    else expect(answer).toMatchObject({ status: 200, body: { role } })
  })

  test.each(pairs)('%s lowers %s to a viewer', async (caller, role) => {
    const { id } = await newUser({ role })
    const answer = await patch(company.users[caller].key, id, { role: 'viewer' })
    if (!isAllowed(caller)) expectProblem(answer, 'missing_permission')
    else if (isAboveRole(role, caller)) expectProblem(answer, 'permission_escalation')
    else expect(answer).toMatchObject({ status: 200, body: { role: 'viewer' } })
  })

  test('a refused change leaves the user as it was', async () => {
    const user = await newUser({ role: 'owner' })
    await patch(company.users.admin.key, user.id, { name: 'Mallory', status: 'inactive' })
    const { body } = await server.call({ path: `/users/${user.id}`, headers: headers() })
    expect(body).toEqual(user)
  })

  test.each(ROLES)('%s does not raise itself', async (role) => {
    const user = await newUser({ role })
    const key = await newKey({ userId: user.id })
    for (const next of ROLES.filter((other) => isAboveRole(other, role))) {
      expect((await patch(key, user.id, { role: next })).status).toBe(403)
    }
    expect((await server.call({ path: '/me', key })).body.role).toBe(role)
  })
})

describe('nobody grants what it lacks', () => {
  /** An admin's key that may change users, and little else. */
  let narrow: string
  beforeEach(async () => {
    const permissions = ['users:*', 'keys:list', 'keys:read', 'orders:read']
    narrow = await newKey({ userId: company.users.admin.id, permissions })
  })

  test.each<readonly [string, object]>([
    ['a role with more', { role: 'admin' }],
    ['a role with all application permissions', { role: 'developer' }],
    ['an application permission', { role: 'developer', permissions: ['orders:write'] }],
    ['a whole area', { role: 'developer', permissions: ['orders:*'] }],
  ])('a new user: %s', async (_, fields) => {
    expectProblem(await create(narrow, { name: 'New', ...fields }), 'permission_escalation')
  })

  test('a new user with no more than the caller has', async () => {
    expect((await create(narrow, { name: 'New', role: 'viewer' })).status).toBe(201)
  })

  test.each<readonly [string, object, object]>([
    ['a higher role', { role: 'viewer' }, { role: 'developer' }],
    ['wider permissions', { role: 'developer', permissions: ['orders:read'] }, { permissions: null }],
    ['a deactivated user’s power back', { role: 'admin', status: 'inactive' }, { status: 'active' }],
    ['a user’s power, by the id an outside issuer knows', { role: 'admin' }, { externalId: 'auth|mallory' }],
  ])('%s', async (_, fields, change) => {
    const { status, ...rest } = fields as { status?: string }
    const { id } = await newUser(rest)
    if (status !== undefined) {
      await server.call({ method: 'PATCH', path: `/users/${id}`, headers: headers(), body: { status } })
    }
    expectProblem(await patch(narrow, id, change), 'permission_escalation')
  })

  test('a user’s power, by an invitation to sign in as it', async () => {
    const { id } = await newUser({ role: 'admin', email: `${unique('admin')}@example.com` })
    expectProblem(await invite(narrow, id), 'permission_escalation')
    expectProblem(await invite(narrow, company.users.admin.id), 'permission_escalation')
    const viewer = await newUser({ email: `${unique('viewer')}@example.com` })
    expect((await invite(narrow, viewer.id)).status).toBe(201)
  })

  test('a name, and shutting somebody out, are no grant', async () => {
    const { id } = await newUser({ role: 'admin', externalId: unique('auth') })
    expect((await patch(narrow, id, { name: 'Renamed' })).status).toBe(200)
    expect((await patch(narrow, id, { status: 'inactive' })).status).toBe(200)
  })

  test.each(['keys:list', 'users:*', 'audit:read', 'companies:*', '*'])(
    'a user’s list does not name %s, which comes with the role',
    async (permission) => {
      const answer = await create(company.users.owner.key, {
        name: 'New',
        role: 'viewer',
        permissions: ['orders:read', permission],
      })
      expectProblem(answer, { code: 'invalid_field', pointer: '/permissions/1' })
    },
  )
})

describe('the last owner', () => {
  const { path, owner } = { path: '/users/', owner: () => server.admin.userId }
  const change = (id: string, body: object) => server.call({ method: 'PATCH', path: path + id, body })

  test.each([{ role: 'admin' }, { status: 'inactive' }, { role: 'viewer', status: 'inactive' }])(
    'of the operator cannot become %j',
    async (body) => {
      expectProblem(await change(owner(), body), 'last_owner')
      expect((await server.call({ path: '/me' })).body.role).toBe('owner')
      expect((await change(owner(), { name: 'Renamed' })).status).toBe(200)
    },
  )

  test('an inactive owner beside it does not count, an active one does', async () => {
    const body = { name: 'Second', role: 'owner' }
    const second = await expectCreated(server, { path: '/users', body })
    expect((await change(second.id, { status: 'inactive' })).status).toBe(200)
    expectProblem(await change(owner(), { role: 'admin' }), 'last_owner')
    await change(second.id, { status: 'active' })
    const key = (await expectCreated(server, { path: '/keys', body: { userId: second.id } })).key
    expect((await change(owner(), { role: 'admin' })).status).toBe(200)
    expectProblem(await patch(key, second.id, { status: 'inactive' }), 'last_owner')
    expect((await patch(key, owner(), { role: 'owner' })).status).toBe(200)
    expect((await change(second.id, { status: 'inactive' })).status).toBe(200)
  })

  test('of two owners who step down at once one stays', async () => {
    const second = await expectCreated(server, { path: '/users', body: { name: 'Second', role: 'owner' } })
    const key = (await expectCreated(server, { path: '/keys', body: { userId: second.id } })).key
    const answers = await Promise.all([
      patch(key, second.id, { status: 'inactive' }),
      change(owner(), { status: 'inactive' }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const survivor = answers[0].status === 200 ? server.adminKey : key
    const body = { status: 'active' }
    await server.call({ method: 'PATCH', path: path + owner(), key: survivor, body })
  })

  test('of a tenant may go: the operator can make another', async () => {
    const tenant = await createTestCompany(server)
    const { id } = tenant.users.owner
    const answer = await server.call({
      method: 'PATCH',
      path: `/users/${id}`,
      headers: { 'x-company-id': tenant.id },
      body: { status: 'inactive' },
    })
    expect(answer).toMatchObject({ status: 200, body: { status: 'inactive' } })
  })
})

describe('what is unique', () => {
  test('an email address, in its company and in any letter case', async () => {
    const email = `${unique('Ada')}@Example.com`
    const user = await newUser({ email })
    expect(user.email).toBe(email.toLowerCase())
    for (const taken of [email, email.toUpperCase(), email.toLowerCase()]) {
      const answer = await create(company.users.owner.key, { name: 'B', role: 'viewer', email: taken })
      expectProblem(answer, { code: 'already_exists', pointer: '/email' })
    }
    const other = await newUser()
    expectProblem(await patch(company.users.owner.key, other.id, { email }), {
      code: 'already_exists',
      pointer: '/email',
    })
    expect((await patch(company.users.owner.key, user.id, { email })).status).toBe(200)
    expect((await patch(company.users.owner.key, user.id, { email: null })).status).toBe(200)
    expect((await patch(company.users.owner.key, other.id, { email })).status).toBe(200)
  })

  test('an external id, in its company', async () => {
    const externalId = unique('ext')
    const user = await newUser({ externalId })
    const { key } = company.users.owner
    expectProblem(await create(key, { name: 'B', role: 'viewer', externalId }), {
      code: 'already_exists',
      pointer: '/externalId',
    })
    const other = await newUser()
    expectProblem(await patch(key, other.id, { externalId }), {
      code: 'already_exists',
      pointer: '/externalId',
    })
    const found = await server.call({ path: `/users?externalId=${externalId}`, key })
    expect(found.body).toMatchObject({ total: 1, data: [{ id: user.id }] })
    const elsewhere = { name: 'B', role: 'viewer', externalId }
    await expectCreated(server, { path: '/users', body: elsewhere })
  })

  test('of two users of a company with one email address at once one is made', async () => {
    const body = { name: 'Ada', role: 'viewer', email: `${unique('race')}@example.com` }
    const answers = await Promise.all(
      [{}, headers(), {}, headers()].map((more) =>
        server.call({ method: 'POST', path: '/users', headers: more, body }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409])
  })

  test('both faults are told at once', async () => {
    const taken = { email: `${unique('both')}@example.com`, externalId: unique('both') }
    await newUser(taken)
    const answer = await create(company.users.owner.key, { name: 'B', role: 'viewer', ...taken })
    expect(answer.body.errors.map(({ pointer }: Parsed) => pointer)).toEqual(['/email', '/externalId'])
  })
})

describe('users are searched', () => {
  async function found(search: string, key: string): Promise<string[]> {
    const ids: string[] = []
    let path: string | null = `/users?${new URLSearchParams({ search, limit: '2' })}`
    while (path !== null) {
      const { status, body }: Parsed = await server.call({ path, key })
      expect(status).toBe(200)
      for (const { id } of body.data) ids.push(id)
      path = body.nextUrl === null ? null : body.nextUrl.replace(/^https?:\/\/[^/]+/, '')
      if (path === null) expect(body.total).toBe(ids.length)
    }
    return ids
  }

  test('by any part of name, email address, external id and id, in every script, newest first', async () => {
    const apart = await createTestCompany(server)
    const { key } = apart.users.admin
    const add = async (fields: object) => (await create(key, { role: 'viewer', ...fields })).body.id as string
    const ada = await add({ name: 'Ada MÜNCHNER', email: 'ada@search.example', externalId: 'svc_Billing' })
    const second = await add({ name: 'Büro 100%', email: 'buero@search.example' })
    const third = await add({ name: 'علياء', externalId: 'ada-too' })
    const searches: readonly (readonly [string, readonly string[]])[] = [
      ['münch', [ada]],
      ['Ada', [third, ada]],
      ['SEARCH.EXAMPLE', [second, ada]],
      ['svc_b', [ada]],
      ['svc%', []],
      ['100%', [second]],
      ['علي', [third]],
      [ada.toUpperCase(), [ada]],
      ['nobody has this', []],
    ]
    for (const [search, ids] of searches) expect(await found(search, key), search).toEqual(ids)
    // Nobody of another company, and nobody who was deleted.
    expect(await found('search.example', company.users.admin.key)).toEqual([])
    await server.call({ method: 'DELETE', path: `/users/${second}`, key })
    expect(await found('search.example', key)).toEqual([ada])
    expect(await found(second, key)).toEqual([])
    const { body } = await server.call({ path: '/users?search=ada&externalId=ada-too', key })
    expect(body.data.map(({ id }: Parsed) => id)).toEqual([third])
  })

  test('also beyond what is looked at in one go', async () => {
    const apart = await createTestCompany(server)
    const { key } = apart.users.admin
    const first = (await create(key, { name: 'Needle', role: 'viewer' })).body.id
    for (let made = 0; made < 300; made += 50) {
      const some = Array.from({ length: 50 }, (_, index) =>
        create(key, { name: `Hay ${made + index}`, role: 'viewer' }),
      )
      await Promise.all(some)
    }
    expect(await found('needle', key)).toEqual([first])
    const page = await server.call({ path: '/users?search=hay&limit=100&offset=250', key })
    expect([page.body.total, page.body.count]).toEqual([300, 50])
  })
})

test('a change that changes nothing answers the user and writes no event', async () => {
  const user = await newUser({ role: 'developer' })
  const events = async () =>
    (await server.call({ path: '/audit?limit=1', headers: headers() })).body.data[0].id
  const before = await events()
  const answer = await patch(company.users.owner.key, user.id, { role: 'developer', status: 'active' })
  expect(answer).toMatchObject({ status: 200, body: user })
  expect(await events()).toBe(before)
})
