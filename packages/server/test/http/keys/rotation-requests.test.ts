/** How a rotation is asked for: on a condition, again, for another company, by many at once, and at its limits. */
import { beforeEach, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { companyKeys } from '../../company-keys.ts'
import { createFakeClock, HOUR_MS } from '../../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestAnswer,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../../harness.ts'
import { bearer, requestToken } from '../../tokens/issued-token.ts'

const DAYS_30_MS = 30 * 24 * HOUR_MS

const clock = createFakeClock()
const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' }, { clock })
let company: TestCompany

beforeEach(async () => {
  company = await createTestCompany(server)
})

const { admin, create, read } = companyKeys(server, () => company)
const after = (ms: number): string => new Date(clock.nowMs() + ms).toISOString()

const OPERATIONS = {
  POST: () => ({ overlapSeconds: 0 }),
  PATCH: () => ({ previousEndsAt: after(60_000) }),
  DELETE: () => undefined,
} as const
type Method = keyof typeof OPERATIONS

const ask = (method: Method, id: string, request: Partial<TestRequest> = {}): Promise<TestAnswer> => {
  const body = OPERATIONS[method]()
  return server.call({
    key: admin(),
    ...(body === undefined ? {} : { body }),
    ...request,
    method,
    path: `/keys/${id}/rotation`,
  })
}
const rotate = (id: string, overlapSeconds: number, request: Partial<TestRequest> = {}) =>
  ask('POST', id, { body: { overlapSeconds }, ...request })
const codesOf = (keys: readonly string[]): Promise<string[]> =>
  Promise.all(
    keys.map(
      async (key) =>
        (await server.call({ method: 'POST', path: '/verify', key: server.adminKey, body: { key } })).body
          .code,
    ),
  )

/** A key at version 2, its first secret and its second, while both live. */
async function rotated(fields: object = {}) {
  const made = await create(fields)
  const answer = await rotate(made.id, 3_600)
  expect(answer.status, answer.text).toBe(201)
  return { id: made.id as string, old: made.key as string, fresh: answer.body.key as string }
}

describe.each(Object.keys(OPERATIONS) as Method[])('%s on a condition', (method) => {
  test.each(['"2"', 'W/"2"', '*', '"1", "2"'])('that holds, %s, is done', async (tag) => {
    const { id } = await rotated()
    const { status, headers } = await ask(method, id, { headers: { 'if-match': tag } })
    expect(status).toBeLessThan(300)
    if (method !== 'DELETE') expect(headers.etag).toBe('"3"')
  })

  test.each(['"1"', '"3"', '"abc"', ''])('that does not hold, %j, changes nothing', async (tag) => {
    const { id, old, fresh } = await rotated()
    const before = await read(id)
    const { detail } = expectProblem(
      await ask(method, id, { headers: { 'if-match': tag } }),
      'precondition_failed',
    )
    expect(detail).toContain('at version "2"')
    expect(await read(id)).toEqual(before)
    expect(await codesOf([old, fresh])).toEqual(['VALID', 'VALID'])
  })

  test('is for who may ask at all', async () => {
    const { id } = await rotated()
    const request = { key: company.users.viewer.key, headers: { 'if-match': '"1"' } }
    expectProblem(await ask(method, id, request), 'missing_permission')
    expectProblem(await ask(method, server.admin.keyId, { headers: { 'if-match': '"1"' } }), 'key_not_found')
  })
})

describe('an operator', () => {
  test.each([
    ['POST', 'key.rotated'],
    ['PATCH', 'key.rotation_changed'],
    ['DELETE', 'key.rotation_cancelled'],
  ] as const)('asks %s for the company that it names, and of no other key', async (method, action) => {
    const { id } = await rotated()
    const key = server.adminKey
    expectProblem(await ask(method, id, { key }), 'key_not_found')
    const elsewhere = { 'x-company-id': (await createTestCompany(server)).id }
    expectProblem(await ask(method, id, { key, headers: elsewhere }), 'key_not_found')
    const headers = { 'x-company-id': company.id }
    expect((await ask(method, id, { key, headers })).status).toBeLessThan(300)
    // Written down where it was done, by whom.
    const { body } = await server.call({ path: `/audit?objectId=${id}&limit=1`, key: admin() })
    expect(body.data[0]).toMatchObject({ action, actor: { id: server.admin.keyId } })
  })

  test.each(['POST', 'PATCH', 'DELETE'] as const)(
    'alone may: %s for another company is nobody else’s',
    async (method) => {
      const { id, old, fresh } = await rotated()
      const other = await createTestCompany(server)
      const headers = { 'x-company-id': company.id }
      expect((await ask(method, id, { key: other.users.owner.key, headers })).status).toBe(403)
      expect(await codesOf([old, fresh])).toEqual(['VALID', 'VALID'])
    },
  )
})

describe('at once', () => {
  const MANY = 6

  test('of rotations with an overlap one is made, and the others are told that one is open', async () => {
    const { id, key } = await create()
    const answers = await Promise.all(Array.from({ length: MANY }, () => rotate(id, 60)))
    const made = answers.filter(({ status }) => status === 201)
    expect(made).toHaveLength(1)
    for (const answer of answers) if (answer.status !== 201) expectProblem(answer, 'rotation_open')
    expect(await codesOf([key, made[0]!.body.key])).toEqual(['VALID', 'VALID'])
  })

  test('of rotations without one each is made, and one secret lives: that which the key shows', async () => {
    const { id, key } = await create()
    const answers = await Promise.all(Array.from({ length: MANY }, () => rotate(id, 0)))
    expect(answers.map(({ status }) => status)).toEqual(Array(MANY).fill(201))
    const secrets = [key, ...answers.map(({ body }) => body.key)]
    expect(new Set(secrets).size).toBe(MANY + 1)
    const codes = await codesOf(secrets)
    const living = secrets.filter((_, index) => codes[index] === 'VALID')
    expect(living).toHaveLength(1)
    expect((await read(id)).key.slice(-4)).toBe(living[0].slice(-4))
  })

  test.each([
    ['PATCH', 'DELETE', 2],
    ['POST', 'DELETE', 1],
    ['POST', 'PATCH', 1],
    ['DELETE', 'DELETE', 1],
  ] as const)('%s and %s leave a state that one after the other leaves', async (one, other, livingMax) => {
    const { id, old, fresh } = await rotated()
    const answers = await Promise.all([ask(one, id), ask(other, id)])
    const made = answers.flatMap(({ status, body }) => (status === 201 ? [body.key as string] : []))
    for (const { status, body } of answers) if (status >= 300) expect(body.code).toBe('rotation_not_found')
    const codes = await codesOf([old, fresh, ...made])
    const living = codes.filter((code) => code === 'VALID').length
    expect(living).toBeGreaterThan(0)
    expect(living).toBeLessThanOrEqual(livingMax)
  })
})

const revision = () =>
  server.services.engine.read((db) => db.selectFrom('head').select('revision').executeTakeFirstOrThrow())

test('an end that is moved to where it is stays what it was, and is promised again', async () => {
  const { id } = await rotated()
  const before = await read(id)
  const head = await revision()
  const body = { previousEndsAt: before.rotation.previousEndsAt }
  const answer = await ask('PATCH', id, { body, headers: { 'if-match': '"2"' } })
  expect(answer).toMatchObject({ status: 200, body: before, headers: { etag: '"2"' } })
  expect((await revision()).revision).toBe(head.revision + 1)
  const events = await server.call({ path: `/audit?objectId=${id}&limit=1`, key: admin() })
  expect(events.body.data[0].action).toBe('key.rotated')
})

describe('whoever lost the answer asks again', () => {
  const headers = { 'if-match': '"2"' }

  test.each([
    ['PATCH', after(-1_000), 'key.rotation_changed'],
    ['DELETE', undefined, 'key.rotation_cancelled'],
  ] as const)(
    '%s: it is promised the same, and nothing is changed',
    async (method, previousEndsAt, action) => {
      const { id } = await rotated()
      const body = previousEndsAt === undefined ? {} : { body: { previousEndsAt } }
      const first = await ask(method, id, { ...body, headers })
      expect(first.status).toBeLessThan(300)
      const [head, before] = [await revision(), await read(id)]
      const again = await ask(method, id, { ...body, headers })
      expect([again.status, again.body, again.headers.etag]).toEqual([
        first.status,
        first.body,
        first.headers.etag,
      ])
      expect((await revision()).revision).toBe(head.revision + 1)
      expect(await read(id)).toEqual(before)
      const events = await server.call({ path: `/audit?objectId=${id}&limit=2`, key: admin() })
      expect(events.body.data.map((event: Parsed) => event.action)).toEqual([action, 'key.rotated'])
    },
  )

  test('what came to another end is not what was asked for', async () => {
    const [ended, cancelled] = [await rotated(), await rotated()]
    const end = { body: { previousEndsAt: after(0) } }
    expect((await ask('PATCH', ended.id, end)).status).toBe(200)
    expectProblem(await ask('DELETE', ended.id), 'rotation_not_found')
    expect((await ask('DELETE', cancelled.id)).status).toBe(204)
    expectProblem(await ask('PATCH', cancelled.id, end), 'rotation_not_found')
    expect(await codesOf([ended.fresh, cancelled.old])).toEqual(['VALID', 'VALID'])
  })

  test('an end that has come by itself is made one that no clock moves', async () => {
    const { id, old } = await rotated()
    clock.move(2 * HOUR_MS)
    expect((await ask('PATCH', id, { body: { previousEndsAt: after(0) } })).status).toBe(200)
    clock.move(-2 * HOUR_MS)
    expect(await codesOf([old])).toEqual(['INACTIVE'])
    expectProblem(await ask('DELETE', id), 'rotation_not_found')
  })
})

describe('an Idempotency-Key', () => {
  const headers = { 'idempotency-key': 'word' }

  test('of another rotation is one that was used', async () => {
    const { id } = await create()
    await rotate(id, 60, { headers })
    expectProblem(await rotate(id, 0, { headers }), 'idempotency_key_reused')
  })

  test('answers again a key that has rotated itself and lost the answer', async () => {
    const { id, key } = await create({ permissions: ['keys:rotate'] })
    const [first, again] = [await rotate(id, 60, { key, headers }), await rotate(id, 60, { key, headers })]
    expect(first.status).toBe(201)
    expect(again.body).toEqual(first.body)
  })

  test('promises again what the first answer promised, which may never have been given', async () => {
    const { id } = await create()
    const first = await rotate(id, 0, { headers })
    const before = await revision()
    const again = await rotate(id, 0, { headers })
    expect(again.body).toEqual(first.body)
    // Every server forgets the key once more, and that is waited for.
    expect((await revision()).revision).toBe(before.revision + 1)
  })

  test('of a creation, which promised nothing to any server, moves nothing', async () => {
    const request = { path: '/keys', key: admin(), headers, body: { userId: company.users.developer.id } }
    const { id } = await expectCreated(server, request)
    const before = await revision()
    expect((await expectCreated(server, request)).id).toBe(id)
    expect(await revision()).toEqual(before)
  })

  /** Each is asked by the new secret first. */
  const requests: readonly (readonly [string, (other: Parsed) => TestRequest])[] = [
    ['the key that it created', () => ({ path: '/keys', body: { userId: company.users.developer.id } })],
    [
      'the key that it created with less',
      () => ({ path: '/keys', body: { userId: company.users.developer.id, permissions: [] } }),
    ],
    [
      'the secret that it gave another key',
      ({ id }) => ({ path: `/keys/${id}/rotation`, body: { overlapSeconds: 0 } }),
    ],
    [
      'the secret that it gave another key for a while',
      ({ id }) => ({ path: `/keys/${id}/rotation`, body: { overlapSeconds: 1 } }),
    ],
  ]
  test.each(requests)('does not hand a secret that was replaced %s', async (_what, request) => {
    const { old, fresh } = await rotated({ userId: company.users.admin.id })
    const asked: TestRequest = { method: 'POST', headers, ...request(await create({ permissions: [] })) }
    const first = await server.call({ ...asked, key: fresh })
    expect(first.status, first.text).toBe(201)
    const answer = await server.call({ ...asked, key: old })
    expect(answer.text).not.toContain(first.body.key)
    expect(answer.headers).not.toHaveProperty('idempotent-replayed')
    // The new one is answered again.
    expect((await server.call({ ...asked, key: fresh })).body.key).toBe(first.body.key)
  })

  test.each(requests)('nor its successor %s', async (_what, request) => {
    const { old, fresh } = await rotated({ userId: company.users.admin.id })
    const asked: TestRequest = { method: 'POST', headers, ...request(await create({ permissions: [] })) }
    const first = await server.call({ ...asked, key: old })
    expect(first.status, first.text).toBe(201)
    expect((await server.call({ ...asked, key: fresh })).text).not.toContain(first.body.key)
  })
})

describe('an OAuth client', () => {
  const tokenFor = (id: string, secret: string) =>
    requestToken(server, { grant_type: 'client_credentials', client_id: id, client_secret: secret })
  const use = async (token: string) =>
    (await server.call({ path: '/me', key: null, headers: bearer(token) })).status

  test.each<readonly [string, (id: string) => Promise<unknown>, 'old' | 'fresh']>([
    ['ended', (id) => ask('PATCH', id, { body: { previousEndsAt: after(0) } }), 'fresh'],
    ['over by the clock', async () => clock.move(HOUR_MS), 'fresh'],
    ['cancelled', (id) => ask('DELETE', id), 'old'],
  ])(
    'keeps its id; with the rotation %s one secret gets tokens, and those of the other are dead',
    async (_, end, kept) => {
      const { id, ...secrets } = await rotated({ permissions: ['orders:read'] })
      const lost = kept === 'old' ? 'fresh' : 'old'
      const tokens: Record<string, string> = {}
      for (const which of ['old', 'fresh'] as const) {
        const answer = await tokenFor(id, secrets[which])
        expect(answer.status, answer.text).toBe(200)
        tokens[which] = answer.body.access_token
        expect(await use(tokens[which]!)).toBe(200)
      }
      await end(id)
      expect((await tokenFor(id, secrets[lost])).body.error).toBe('invalid_client')
      expect((await tokenFor(id, secrets[kept])).status).toBe(200)
      expect(await use(tokens[lost]!)).toBe(401)
    },
  )
})

test('a batch tells the secrets of a key apart: current, previous, ended and none', async () => {
  const { id, old, fresh } = await rotated()
  const { body } = await rotate(id, 0)
  const again = await rotate(id, 3_600)
  const never = await create()
  const keys = [again.body.key, body.key, fresh, old, never.key].map((key) => ({ key }))
  const answer = await server.call({ method: 'POST', path: '/verify/batch', key: admin(), body: { keys } })
  const replaceBy = again.body.rotation.previousEndsAt
  expect(answer.body.results).toMatchObject([
    { code: 'VALID', keyId: id, secret: 'current', replaceBy: null },
    { code: 'VALID', keyId: id, secret: 'previous', replaceBy },
    { code: 'INACTIVE', keyId: id, secret: 'previous' },
    { code: 'INACTIVE', keyId: id, secret: 'previous' },
    { code: 'VALID', keyId: never.id, secret: 'current', replaceBy: null },
  ])
})

test('a list shows an open rotation as the key does, and none when it has ended', async () => {
  const { id } = await rotated()
  const listed = async (): Promise<Parsed> =>
    (await server.call({ path: '/keys', key: admin() })).body.data.find((key: Parsed) => key.id === id)
  expect((await listed()).rotation).toEqual((await read(id)).rotation)
  expect((await listed()).rotation).not.toBeNull()
  clock.move(HOUR_MS)
  expect((await listed()).rotation).toBeNull()
})

describe('the limits of an overlap', () => {
  test.each([0, 1, 2_592_000])('%i seconds are possible', async (overlapSeconds) => {
    const { id } = await create()
    const { status, body } = await rotate(id, overlapSeconds)
    expect(status).toBe(201)
    const end = overlapSeconds === 0 ? undefined : after(overlapSeconds * 1_000)
    expect(body.rotation?.previousEndsAt).toBe(end)
  })

  test('it is moved to 30 days from now, and not a millisecond further', async () => {
    const { id } = await rotated()
    const move = (ms: number) => ask('PATCH', id, { body: { previousEndsAt: after(ms) } })
    expect((await move(DAYS_30_MS)).body.rotation.previousEndsAt).toBe(after(DAYS_30_MS))
    expectProblem(await move(DAYS_30_MS + 1), { code: 'invalid_field', pointer: '/previousEndsAt' })
  })
})
