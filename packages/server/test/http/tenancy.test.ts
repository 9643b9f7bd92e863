/**
 * Whatever is asked about another company is answered as if it did not exist, byte for byte. The matrix is made
 * from the operations table: every place of every operation that takes an id.
 */
import { type OperationId, operations } from '@latchkey/contract/operations'
import type { Operation } from '@latchkey/contract/operations/operation'
import { beforeAll, describe, expect, test } from 'vitest'
import { comparable, expectProblem } from '../answer-checks.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestAnswer,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../harness.ts'
import { createExamples, type Examples } from '../operation-examples.ts'

type Kind = 'key' | 'user' | 'company' | 'event' | 'externalId'
/** A place of an operation that takes an id of a kind. */
type Site = {
  readonly id: OperationId
  readonly place: 'path' | 'body' | 'query' | 'header'
  readonly name: string
  readonly kind: Kind
}
/** One id of each kind. */
type Ids = Readonly<Record<Kind, string>>

const server = useTestServer()
let examples: Examples
let own: TestCompany
let other: TestCompany
let ownIds: Ids
let otherIds: Ids

beforeAll(async () => {
  examples = await createExamples(server)
  own = await createTestCompany(server)
  other = await createTestCompany(server)
  ownIds = await idsOf(own, 'own-1')
  otherIds = await idsOf(other, 'other-1')
})

async function idsOf({ id, users }: TestCompany, externalId: string): Promise<Ids> {
  const headers = { 'x-company-id': id }
  const patch = { method: 'PATCH', body: { externalId } } as const
  await server.call({ ...patch, path: `/users/${users.viewer.id}`, headers })
  await server.call({ ...patch, path: `/companies/${id}` })
  const { body } = await server.call({ path: '/audit?limit=1', headers })
  return { key: users.viewer.keyId, user: users.viewer.id, company: id, event: body.data[0].id, externalId }
}

const LISTED: Readonly<Partial<Record<OperationId, Kind>>> = {
  listApiKeys: 'key',
  listUsers: 'user',
  listCompanies: 'company',
  listAuditEvents: 'event',
}
const PATH_KINDS: Readonly<Record<string, Kind>> = { keyId: 'key', userId: 'user', companyId: 'company' }

function sitesOf(id: OperationId): Site[] {
  const { path, body, query, authentication }: Operation = operations[id]
  const names = (schema: unknown) =>
    Object.keys((schema as { properties?: object } | undefined)?.properties ?? {})
  const sites: Site[] = []
  for (const [, name = ''] of path.matchAll(/\{(\w+)\}/g))
    sites.push({ id, place: 'path', name, kind: PATH_KINDS[name]! })
  for (const name of names(body)) if (name === 'userId') sites.push({ id, place: 'body', name, kind: 'user' })
  for (const name of names(query)) {
    const kind = /^(startingAfter|endingBefore)$/.test(name)
      ? LISTED[id]
      : { userId: 'user', externalId: 'externalId' }[name]
    if (kind !== undefined) sites.push({ id, place: 'query', name, kind: kind as Kind })
  }
  if (authentication === 'required')
    sites.push({ id, place: 'header', name: 'X-Company-Id', kind: 'company' })
  return sites
}

/** A valid request of the caller's own company, but for the one id at the site. */
async function requestAt(site: Site, value: string): Promise<TestRequest> {
  const { method, path } = operations[site.id]
  const { body } = await examples[site.id]()
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(site.place === 'path' ? value : ownIds[PATH_KINDS[name as string]!]),
  )
  const ownBody =
    body === undefined ? undefined : { ...body, ...('userId' in body ? { userId: own.users.viewer.id } : {}) }
  return {
    method,
    path: site.place === 'query' ? `${filled}?${new URLSearchParams({ [site.name]: value })}` : filled,
    body: site.place === 'body' ? { ...ownBody, [site.name]: value } : ownBody,
    ...(site.place === 'header' ? { headers: { [site.name]: value } } : {}),
  }
}

/** Every row of both companies. */
const everything = () =>
  server.services.engine.read(async (db) => ({
    companies: await db.selectFrom('companies').selectAll().execute(),
    users: await db.selectFrom('users').selectAll().execute(),
    keys: await db.selectFrom('keys').selectAll().execute(),
    events: await db.selectFrom('audit_events').select('id').execute(),
  }))

const table = Object.keys(operations) as OperationId[]
const matrix = table.flatMap(sitesOf).map((site) => [`${site.id} ${site.place} ${site.name}`, site] as const)

test('the matrix holds every place that takes an id', () => {
  expect(
    matrix.map(([name]) => name).filter((name) => !name.includes('X-Company-Id')),
  ).toMatchInlineSnapshot(`
    [
      "listApiKeys query startingAfter",
      "listApiKeys query endingBefore",
      "listApiKeys query userId",
      "createApiKey body userId",
      "getApiKey path keyId",
      "updateApiKey path keyId",
      "deleteApiKey path keyId",
      "rotateApiKey path keyId",
      "updateRotation path keyId",
      "cancelRotation path keyId",
      "getKeyUsage path keyId",
      "previewAllowlist path keyId",
      "listUsers query startingAfter",
      "listUsers query endingBefore",
      "listUsers query externalId",
      "getUser path userId",
      "updateUser path userId",
      "deleteUser path userId",
      "createInvitation path userId",
      "listCompanies query startingAfter",
      "listCompanies query endingBefore",
      "listCompanies query externalId",
      "getCompany path companyId",
      "updateCompany path companyId",
      "listAuditEvents query startingAfter",
      "listAuditEvents query endingBefore",
    ]
  `)
  expect(matrix.filter(([name]) => name.includes('X-Company-Id')).length).toBe(
    table.filter((id) => operations[id].authentication === 'required').length,
  )
})

describe.each(['owner', 'admin', 'developer', 'viewer'] as const)('to the %s of a company', (role) => {
  test.each(matrix)('another company’s id is as unknown: %s', async (_, site) => {
    const { key } = own.users[role]
    const foreign = otherIds[site.kind]
    const ids = [foreign, `${foreign.slice(0, -6)}zzzzzz`, ...(site.place === 'path' ? ['nonsense'] : [])]
    // First: an example may make rows of its own.
    const requests = await Promise.all(ids.map((id) => requestAt(site, id)))
    const before = await everything()
    const answers: TestAnswer[] = []
    for (const request of requests) answers.push(await server.call({ ...request, key }))
    const [asForeign, ...asUnknown] = answers
    for (const answer of asUnknown) expect(comparable(asForeign!)).toEqual(comparable(answer))
    expect(asForeign!.text).not.toContain(other.id)
    expect(asForeign!.status === 200 ? asForeign!.body.data : []).toEqual([])
    expect(asForeign!.status).not.toBe(201)
    expect(await everything()).toEqual(before)
  })

  test('X-Company-Id is a 403, whatever it names, the own company too', async () => {
    const { key } = own.users[role]
    for (const id of [other.id, own.id, server.admin.companyId, 'nonsense', '']) {
      const answer = await server.call({ path: '/keys', key, headers: { 'x-company-id': id } })
      expectProblem(answer, 'missing_permission')
    }
  })
})

describe('the answers are those of an unknown id', () => {
  test.each([
    ['GET', '/keys/', 'key', 'key_not_found'],
    ['PATCH', '/keys/', 'key', 'key_not_found'],
    ['DELETE', '/keys/', 'key', 'key_not_found'],
    ['GET', '/users/', 'user', 'user_not_found'],
    ['PATCH', '/users/', 'user', 'user_not_found'],
  ] as const)('%s %s<id of another company>: 404', async (method, path, kind, code) => {
    const body = method === 'PATCH' ? { [kind === 'key' ? 'description' : 'name']: 'x' } : undefined
    for (const id of [
      otherIds[kind],
      otherIds.company,
      'nonsense',
      `${ownIds[kind]}x`,
      ownIds[kind].toUpperCase(),
      '%00',
      '..%2fkeys',
    ]) {
      expectProblem(await server.call({ method, path: path + id, key: own.users.owner.key, body }), code)
    }
  })

  test('a key for another company’s user: 400 at /userId', async () => {
    const answer = await server.call({
      method: 'POST',
      path: '/keys',
      key: own.users.owner.key,
      body: { userId: otherIds.user },
    })
    expectProblem(answer, { code: 'user_not_found', status: 400, pointer: '/userId' })
  })
})

test('an external id is unique in its company only', async () => {
  const body = { name: 'Ada', role: 'viewer', externalId: otherIds.externalId }
  const user = await expectCreated(server, { path: '/users', key: own.users.owner.key, body })
  const { body: list } = await server.call({
    path: `/users?externalId=${otherIds.externalId}`,
    key: own.users.owner.key,
  })
  expect(list.data.map(({ id }: Parsed) => id)).toEqual([user.id])
})

describe('the operator', () => {
  const actingFor = (id: string) => ({ 'x-company-id': id })

  test('sees its own company only, without the header', async () => {
    expectProblem(await server.call({ path: `/keys/${other.users.owner.keyId}` }), 'key_not_found')
    const { body } = await server.call({ path: '/keys?limit=100&status=all' })
    expect(new Set(body.data.map(({ companyId }: Parsed) => companyId))).toEqual(
      new Set([server.admin.companyId]),
    )
  })

  test('acts in the company that X-Company-Id names, and its events are there', async () => {
    const headers = actingFor(other.id)
    const { body: list } = await server.call({ path: '/keys', headers })
    expect(list.data.map(({ id }: Parsed) => id)).toContain(other.users.owner.keyId)
    const made = await expectCreated(server, {
      path: '/keys',
      headers,
      body: { userId: other.users.owner.id },
    })
    expect(made).toMatchObject({ companyId: other.id, createdBy: server.admin.keyId })
    expect((await server.call({ path: `/keys/${made.id}`, key: other.users.viewer.key })).status).toBe(200)
    expectProblem(await server.call({ path: `/keys/${made.id}` }), 'key_not_found')
    const { body: audit } = await server.call({ path: '/audit?limit=1', key: other.users.owner.key })
    expect(audit.data[0]).toMatchObject({
      action: 'key.created',
      companyId: other.id,
      actor: { type: 'key', id: server.admin.keyId, userId: server.admin.userId },
      object: { type: 'key', id: made.id },
    })
    expect((await server.call({ path: '/me', headers })).body).toMatchObject({
      companyId: server.admin.companyId,
      actingCompanyId: other.id,
    })
  })

  test('cannot give a key of one company to a user of another', async () => {
    for (const userId of [own.users.owner.id, server.admin.userId]) {
      const answer = await server.call({
        method: 'POST',
        path: '/keys',
        headers: actingFor(other.id),
        body: { userId },
      })
      expectProblem(answer, { code: 'user_not_found', status: 400, pointer: '/userId' })
    }
  })

  test('gets a 404 for a company that does not exist, and a 400 for two headers', async () => {
    for (const id of [
      `${other.id.slice(0, -6)}zzzzzz`,
      'nonsense',
      other.id.toUpperCase(),
      other.users.owner.id,
    ]) {
      expectProblem(await server.call({ path: '/keys', headers: actingFor(id) }), 'company_not_found')
    }
    const twice = { 'x-company-id': [other.id, own.id] }
    expectProblem(await server.call({ path: '/keys', headers: twice }), {
      code: 'duplicate_parameter',
      header: 'X-Company-Id',
    })
  })

  test('acts with the permissions it has itself, and needs companies:update for it', async () => {
    const keyWith = async (permissions: string[]) =>
      (await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, permissions } }))
        .key as string
    const headers = actingFor(other.id)
    const reader = await keyWith(['companies:update', 'keys:list'])
    expect((await server.call({ path: '/keys', key: reader, headers })).status).toBe(200)
    const body = { userId: other.users.viewer.id }
    expectProblem(
      await server.call({ method: 'POST', path: '/keys', key: reader, headers, body }),
      'missing_permission',
    )
    const stranger = await keyWith(['keys:list', 'companies:list', 'companies:read', 'companies:create'])
    expectProblem(await server.call({ path: '/keys', key: stranger, headers }), 'missing_permission')
  })

  test.each(['admin', 'developer', 'viewer'])('its %s may not act for another company', async (role) => {
    const user = await expectCreated(server, { path: '/users', body: { name: role, role } })
    const { key } = await expectCreated(server, { path: '/keys', body: { userId: user.id } })
    expectProblem(
      await server.call({ path: '/keys', key, headers: actingFor(other.id) }),
      'missing_permission',
    )
  })
})

describe('verification', () => {
  const verify = (key: string, options: Partial<TestRequest> & { readonly ip?: string } = {}) =>
    server.call({ method: 'POST', path: '/verify', ...options, body: { key } })

  test('of another company’s key is NOT_FOUND, byte for byte, whatever state the key is in', async () => {
    const key = own.users.admin.key
    const headers = { 'x-company-id': other.id }
    const make = (fields: object) =>
      expectCreated(server, { path: '/keys', headers, body: { userId: other.users.viewer.id, ...fields } })
    const [plain, restricted, deleted] = [
      await make({}),
      await make({ whitelistedIPs: '1.1.1.1', metadata: { a: 'b' } }),
      await make({}),
    ]
    await server.call({ method: 'DELETE', path: `/keys/${deleted.id}`, headers })
    const secret: string = plain.key
    const unknown = comparable(
      await verify(`${secret.slice(0, -7)}${secret.slice(-7, -6) === 'a' ? 'b' : 'a'}${secret.slice(-6)}`, {
        key,
      }),
    )
    expect(unknown).toMatchObject({ status: 200, text: expect.stringContaining('"code":"NOT_FOUND"') })
    for (const { key: theirs } of [plain, restricted, deleted, other.users.owner, server.admin]) {
      if (theirs !== undefined) expect(comparable(await verify(theirs, { key }))).toEqual(unknown)
    }
    expect(comparable(await verify(server.adminKey, { key }))).toEqual(unknown)
  })

  test('the operator verifies every company’s keys; acting for one, that one’s only', async () => {
    expect((await verify(other.users.viewer.key)).body).toMatchObject({ code: 'VALID', companyId: other.id })
    const headers = { 'x-company-id': own.id }
    expect((await verify(own.users.viewer.key, { headers })).body.code).toBe('VALID')
    expect((await verify(other.users.viewer.key, { headers })).body.code).toBe('NOT_FOUND')
  })
})
