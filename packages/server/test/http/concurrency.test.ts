/** Many writes at once leave what they would have left one after the other. */
import type { CompanyId } from '@latchkey/core/ids'
import { describe, expect, test } from 'vitest'
import { verifyChain } from '../../src/audit/verify-chain.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestAnswer,
  type TestCompany,
  useTestServer,
} from '../harness.ts'

const AT_ONCE = 64

/** Stands still, so that only the order of commits can tell two ids apart. */
const clock = createFakeClock()

const server = useTestServer({}, { clock })

const create = (company: TestCompany, fields: object = {}): Promise<TestAnswer> =>
  server.call({
    method: 'POST',
    path: '/keys',
    key: company.users.admin.key,
    body: { userId: company.users.developer.id, ...fields },
  })
const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)))

/** Everything the company's row and its users' rows say, against the rows they count. */
async function expectBooksBalance(company: TestCompany): Promise<void> {
  const { engine, chain } = server.services
  const id = company.id as CompanyId
  const { row, users, keys, events } = await engine.read(async (db) => ({
    row: await db.selectFrom('companies').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    users: await db.selectFrom('users').selectAll().where('company_id', '=', id).execute(),
    keys: await db.selectFrom('keys').selectAll().where('company_id', '=', id).execute(),
    events: await db.selectFrom('audit_events').selectAll().where('company_id', '=', id).execute(),
  }))
  const counted = (status: string, userId?: string) =>
    keys.filter((key) => key.status === status && (userId === undefined || key.user_id === userId)).length
  expect({ active: row.keys_active, inactive: row.keys_inactive }).toEqual({
    active: counted('active'),
    inactive: counted('inactive'),
  })
  for (const user of users) {
    expect({ active: user.keys_active, inactive: user.keys_inactive }).toEqual({
      active: counted('active', user.id),
      inactive: counted('inactive', user.id),
    })
  }
  expect(row.audit_count).toBe(events.length)
  expect(events.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(
    events.map((_, index) => index + 1),
  )
  expect(await engine.read((db) => verifyChain(db, chain, id))).toEqual({
    isIntact: true,
    events: events.length,
  })
}

/** Ids of keys in the order in which their creation was written into the chain, which is the order of commits. */
async function createdInOrder(company: TestCompany): Promise<string[]> {
  const rows = await server.services.engine.read((db) =>
    db
      .selectFrom('audit_events')
      .select('object_id')
      .where('company_id', '=', company.id as CompanyId)
      .where('action', '=', 'key.created')
      .orderBy('sequence')
      .execute(),
  )
  return rows.map((row) => row.object_id)
}

describe(`${AT_ONCE} creations at once`, () => {
  test('in one company: every one succeeds, ids ascend in the order of commits, the books balance', async () => {
    const company = await createTestCompany(server)
    const before = (await createdInOrder(company)).length
    const answers = await times(AT_ONCE, () => create(company))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(AT_ONCE)
    expect(new Set(answers.map(({ body }) => body.key)).size).toBe(AT_ONCE)
    const inOrder = await createdInOrder(company)
    expect(inOrder).toHaveLength(before + AT_ONCE)
    expect(inOrder).toEqual([...inOrder].sort())
    await expectBooksBalance(company)
  })

  test('ascend also when the clock is set back in between', async () => {
    const company = await createTestCompany(server)
    const [before, after] = await Promise.all([
      times(AT_ONCE / 2, () => create(company)),
      Promise.resolve(clock.move(-HOUR_MS)).then(() => times(AT_ONCE / 2, () => create(company))),
    ])
    clock.move(HOUR_MS)
    expect(new Set([...before, ...after].map(({ status }) => status))).toEqual(new Set([201]))
    const inOrder = await createdInOrder(company)
    expect(inOrder).toEqual([...inOrder].sort())
    await expectBooksBalance(company)
  })

  test('are listed newest first and counted exactly, whatever page is asked for meanwhile', async () => {
    const company = await createTestCompany(server)
    const { key } = company.users.admin
    const list = () => server.call({ path: '/keys?limit=100', key })
    const [answers, pages] = await Promise.all([
      times(AT_ONCE, () => create(company)),
      times(AT_ONCE / 4, list),
    ])
    for (const { body } of [...pages, await list()]) {
      const ids = body.data.map(({ id }: Parsed) => id)
      expect(ids).toEqual([...ids].sort().reverse())
      // Page and total are of one moment: all that is counted is there.
      expect(body.total).toBe(ids.length)
    }
    expect(answers).toHaveLength(AT_ONCE)
  })

  test('in eight companies: no company’s books know of another’s', async () => {
    const companies = await times(8, () => createTestCompany(server))
    const answers = await times(AT_ONCE, (index) => create(companies[index % companies.length]!))
    for (const [index, { status, body }] of answers.entries()) {
      expect({ status, companyId: body.companyId }).toEqual({
        status: 201,
        companyId: companies[index % companies.length]!.id,
      })
    }
    for (const company of companies) await expectBooksBalance(company)
  })
})

describe('everything at once', () => {
  test('creating, changing, disabling and deleting leaves exact books and a whole chain', async () => {
    const company = await createTestCompany(server)
    const { key } = company.users.admin
    const keys = await times(AT_ONCE / 2, async () => (await create(company)).body)
    const statuses = await Promise.all(
      keys.flatMap(({ id }, index) => {
        const path = `/keys/${id}`
        const patch = (body: object) => server.call({ method: 'PATCH', path, key, body })
        return [
          patch({ description: `n ${index}` }),
          patch({ enabled: index % 2 === 0 }),
          create(company, { description: `m ${index}` }),
          index % 3 === 0
            ? server.call({ method: 'DELETE', path, key })
            : patch({ metadata: { n: `${index}` } }),
          index % 3 === 0 ? server.call({ method: 'DELETE', path, key }) : server.call({ path, key }),
        ].map(async (answer) => (await answer).status)
      }),
    )
    // Enabling a key that was deleted a moment before is refused, and nothing else may be.
    expect([...new Set(statuses)].sort().filter((status) => status !== 400)).toEqual([200, 201, 204])
    await expectBooksBalance(company)
    const { body } = await server.call({ path: '/keys?status=all&limit=100', key })
    for (const [index, { id }] of keys.entries()) {
      if (index % 3 !== 0) continue
      expect(body.data.find((row: Parsed) => row.id === id)).toMatchObject({ statusReason: 'deleted' })
    }
  })

  test('users are created and deactivated while keys are made for them: no key outlives its user', async () => {
    const company = await createTestCompany(server)
    const { key } = company.users.owner
    const users = await times(8, (index) =>
      expectCreated(server, { path: '/users', key, body: { name: `u ${index}`, role: 'viewer' } }),
    )
    const post = (userId: string) => server.call({ method: 'POST', path: '/keys', key, body: { userId } })
    // Used once, so that memory could still say yes.
    const known = await Promise.all(users.map(async ({ id }) => (await post(id)).body.key))
    for (const secret of known) expect((await server.call({ path: '/me', key: secret })).status).toBe(200)
    const answers = await Promise.all(
      users.flatMap(({ id }) => [
        ...Array.from({ length: 4 }, () => post(id)),
        server.call({ method: 'PATCH', path: `/users/${id}`, key, body: { status: 'inactive' } }),
      ]),
    )
    expect(answers.filter(({ status }) => ![200, 201, 400].includes(status))).toEqual([])
    const made = answers.filter(({ status }) => status === 201).map(({ body }) => body.key)
    for (const secret of [...known, ...made]) {
      expect((await server.call({ path: '/me', key: secret })).body.code).toBe('user_inactive')
    }
    await expectBooksBalance(company)
  })

  test('a key that is disabled and enabled many times at once ends in the state of the last commit', async () => {
    const company = await createTestCompany(server)
    const { id, key: secret } = (await create(company)).body
    const { key } = company.users.admin
    await times(32, (index) =>
      server.call({ method: 'PATCH', path: `/keys/${id}`, key, body: { enabled: index % 2 === 1 } }),
    )
    const { body } = await server.call({ path: `/keys/${id}`, key })
    const { body: audit } = await server.call({ path: `/audit?objectId=${id}&limit=100`, key })
    const [last] = audit.data
    expect(last.changes.enabled?.[1] ?? true).toBe(body.enabled)
    expect((await server.call({ path: '/me', key: secret })).status).toBe(body.enabled ? 200 : 401)
    await expectBooksBalance(company)
  })
})
