/** Two servers on one store, each with a memory of its own. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectCreated, type JoinedServer, startTestServer, type TestService } from '../harness.ts'

let one: TestService
let other: JoinedServer

beforeAll(async () => {
  one = await startTestServer()
  other = await one.join()
})
afterAll(async () => {
  await other.dispose()
  await one.dispose()
})

const newKey = () => expectCreated(one, { path: '/keys', body: { userId: one.admin.userId } })
const verdictOf = async (server: Pick<TestService, 'call'>, key: string): Promise<string> =>
  (await server.call({ method: 'POST', path: '/verify', body: { key } })).body.code

test('a key deleted on one server is refused by the other when the deletion is answered', async () => {
  for (let n = 0; n < 25; n++) {
    const { id, key } = await newKey()
    expect([await verdictOf(one, key), await verdictOf(other, key)]).toEqual(['VALID', 'VALID'])
    const [deleter, verifier] = n % 2 === 0 ? [one, other] : [other, one]
    expect((await deleter.call({ method: 'DELETE', path: `/keys/${id}` })).status).toBe(204)
    expect(await verdictOf(verifier, key)).toBe('INACTIVE')
  }
})

test('a repeated deletion is answered only when the key is refused everywhere, too', async () => {
  const { id, key } = await newKey()
  await verdictOf(other, key)
  const answers = await Promise.all(
    [one, other, one, other].map((server) => server.call({ method: 'DELETE', path: `/keys/${id}` })),
  )
  expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204])
  expect([await verdictOf(one, key), await verdictOf(other, key)]).toEqual(['INACTIVE', 'INACTIVE'])
})

test('a disabled key, user and company are refused by the other server, and accepted again when enabled', async () => {
  const company = await expectCreated(one, { path: '/companies', body: { name: 'Acme' } })
  const headers = { 'x-company-id': company.id }
  const user = await expectCreated(one, { path: '/users', body: { name: 'Ada', role: 'developer' }, headers })
  const { id, key } = await expectCreated(one, { path: '/keys', body: { userId: user.id }, headers })
  const patch = (path: string, body: object) => one.call({ method: 'PATCH', path, body, headers })
  for (const [path, off, on, code] of [
    [`/keys/${id}`, { enabled: false }, { enabled: true }, 'INACTIVE'],
    [`/users/${user.id}`, { status: 'inactive' }, { status: 'active' }, 'USER_INACTIVE'],
  ] as const) {
    expect(await verdictOf(other, key)).toBe('VALID')
    expect((await patch(path, off)).status).toBe(200)
    expect(await verdictOf(other, key)).toBe(code)
    expect((await patch(path, on)).status).toBe(200)
    expect(await verdictOf(other, key)).toBe('VALID')
  }
  const stop = await one.call({
    method: 'PATCH',
    path: `/companies/${company.id}`,
    body: { status: 'inactive' },
  })
  expect(stop.status).toBe(200)
  expect(await verdictOf(other, key)).toBe('COMPANY_INACTIVE')
})

test('one Idempotency-Key sent to both at once makes one key', async () => {
  for (let n = 0; n < 10; n++) {
    const request = {
      method: 'POST',
      path: '/keys',
      body: { userId: one.admin.userId },
      headers: { 'idempotency-key': `both-${n}` },
    } as const
    const answers = await Promise.all([one, other, one, other].map((server) => server.call(request)))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201])
    expect(new Set(answers.map(({ body }) => body.key)).size).toBe(1)
  }
})

test('one email address given to two users of a company at once is given to one of them', async () => {
  for (let n = 0; n < 10; n++) {
    const body = { name: 'Ada', role: 'viewer', email: `ada-${n}@example.com` }
    const company = await expectCreated(one, { path: '/companies', body: { name: `Company ${n}` } })
    const [mine, theirs, elsewhere] = await Promise.all([
      one.call({ method: 'POST', path: '/users', body }),
      other.call({ method: 'POST', path: '/users', body }),
      other.call({ method: 'POST', path: '/users', body, headers: { 'x-company-id': company.id } }),
    ])
    expect(elsewhere.status).toBe(201)
    expect([mine.status, theirs.status].sort()).toEqual([201, 409])
    const refused = mine.status === 409 ? mine : theirs
    expect(refused.body).toMatchObject({ code: 'already_exists', errors: [{ pointer: '/email' }] })
  }
})

test('creations on both at once have increasing ids, exact counters and a whole audit chain', async () => {
  const company = await expectCreated(one, { path: '/companies', body: { name: 'Busy' } })
  const headers = { 'x-company-id': company.id }
  const user = await expectCreated(one, { path: '/users', body: { name: 'Ada', role: 'owner' }, headers })
  const made = await Promise.all(
    Array.from({ length: 64 }, (_, n) =>
      (n % 2 === 0 ? one : other).call({ method: 'POST', path: '/keys', body: { userId: user.id }, headers }),
    ),
  )
  expect(made.map(({ status }) => status)).toEqual(Array(64).fill(201))
  const list = await other.call({ path: '/keys?limit=100', headers })
  const ids = list.body.data.map(({ id }: { id: string }) => id)
  expect(list.body.total).toBe(64)
  expect(ids).toEqual([...ids].sort().reverse())
  expect(new Set(ids)).toEqual(new Set(made.map(({ body }) => body.id)))
  // Company and user, then one event for each key.
  expect((await one.call({ path: '/audit?limit=1', headers })).body.total).toBe(66)
})
