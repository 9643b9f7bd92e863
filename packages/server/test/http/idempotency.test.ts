import { beforeEach, describe, expect, test } from 'vitest'
import { deleteExpiredIdempotency } from '../../src/storage/tables/idempotency.ts'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type TestAnswer,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../harness.ts'

import { accessToken, bearer } from '../tokens/issued-token.ts'

const clock = createFakeClock()
const server = useTestServer({}, { clock })
let company: TestCompany

beforeEach(async () => {
  await server.services.engine.write((db) => db.deleteFrom('idempotency').execute())
  company = await createTestCompany(server)
})

const admin = () => company.users.admin.key
const body = (fields: object = {}) => ({ userId: company.users.developer.id, ...fields })
const create = (word: string | string[], request: Partial<TestRequest> = {}): Promise<TestAnswer> =>
  server.call({
    method: 'POST',
    path: '/keys',
    key: admin(),
    body: body(),
    ...request,
    headers: { 'idempotency-key': word, ...request.headers },
  })
const total = async (): Promise<number> =>
  (await server.call({ path: '/keys?status=all&limit=1', key: admin() })).body.total
const rows = () => server.services.engine.read((db) => db.selectFrom('idempotency').selectAll().execute())

const REPLAYED = 'idempotent-replayed'
/** What a replay must be the same in. */
const essence = ({ status, text, headers }: TestAnswer) => ({
  status,
  text,
  location: headers.location,
  etag: headers.etag,
  type: headers['content-type'],
})

describe('the same request again', () => {
  test('answers what the first one did, secret included, and says that it is a replay', async () => {
    const before = await total()
    const first = await create('word')
    expect(first.status).toBe(201)
    expect(first.headers).not.toHaveProperty(REPLAYED)
    const second = await create('word')
    expect(second.headers[REPLAYED]).toBe('true')
    expect(essence(second)).toEqual(essence(first))
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id'])
    expect(await total()).toBe(before + 1)
    const { body: key } = first
    const events = (await server.call({ path: `/audit?objectId=${key.id}`, key: admin() })).body.data
    expect(events).toHaveLength(1)
    expect((await server.call({ path: '/me', key: second.body.key })).body.credential.id).toBe(key.id)
  })

  test('answers the first answer, not the state of now', async () => {
    const first = await create('word')
    await server.call({ method: 'DELETE', path: `/keys/${first.body.id}`, key: admin() })
    expect((await create('word')).text).toBe(first.text)
    expectProblem(await server.call({ path: '/me', key: first.body.key }), 'key_inactive')
  })

  test('fifty times at once makes one key', async () => {
    const before = await total()
    const answers = await Promise.all(Array.from({ length: 50 }, () => create('word')))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(answers[0]?.status).toBe(201)
    expect(answers.filter(({ headers }) => headers[REPLAYED] === 'true')).toHaveLength(49)
    expect(await total()).toBe(before + 1)
  })

  test('with a trailing slash is the same request', async () => {
    const first = await create('word')
    expect(essence(await create('word', { path: '/keys/' }))).toEqual(essence(first))
  })

  test.each([
    ['/users', { name: 'Ada', role: 'viewer' }],
    ['/companies', { name: 'Acme' }],
  ])('works for %s too', async (path, made) => {
    const send = () => create('word', { path, key: server.adminKey, body: made })
    const first = await send()
    expect(first.status).toBe(201)
    const second = await send()
    expect(essence(second)).toEqual(essence(first))
    expect(second.headers[REPLAYED]).toBe('true')
  })
})

describe('another body under the same word is 422', () => {
  test.each<readonly [name: string, change: (valid: string) => string]>([
    ['another field', (valid) => `${valid.slice(0, -1)},"mode":"test"}`],
    ['a space more', (valid) => ` ${valid}`],
    ['another order of the same', (valid) => valid.replace(/^\{(.*),(.*)\}$/, '{$2,$1}')],
  ])('%s', async (_, change) => {
    const valid = JSON.stringify(body({ description: 'a' }))
    const first = await create('word', { text: valid })
    const before = await total()
    expectProblem(await create('word', { text: change(valid) }), 'idempotency_key_reused')
    expect(await total()).toBe(before)
    expect((await create('word', { text: valid })).text).toBe(first.text)
  })

  test('also when it is invalid in itself: nothing is replayed for it', async () => {
    await create('word')
    expectProblem(await create('word', { text: '{' }), 'malformed_json')
    expectProblem(await create('word', { body: body({ modee: 'live' }) }), 'unknown_field')
    expectProblem(await create('word', { body: body({ userId: 'nobody' }) }), 'idempotency_key_reused')
  })
})

describe('a word means something to its own principal and path only', () => {
  test('two keys of one company, one word: two keys', async () => {
    const [first, second] = [await create('word'), await create('word', { key: company.users.owner.key })]
    expect(second.status).toBe(201)
    expect(second.headers).not.toHaveProperty(REPLAYED)
    expect(second.body.id).not.toBe(first.body.id)
  })

  test('two keys of one user do not see each other’s answers', async () => {
    const twin = await expectCreated(server, {
      path: '/keys',
      key: company.users.owner.key,
      body: { userId: company.users.admin.id },
    })
    const first = await create('word')
    const second = await create('word', { key: twin.key })
    expect(second.body.key).not.toBe(first.body.key)
  })

  test('the operator acting for two companies', async () => {
    const other = await createTestCompany(server)
    const made = { name: 'Ada', role: 'viewer' }
    const ids = new Set<string>()
    for (const headers of [{}, { 'x-company-id': company.id }, { 'x-company-id': other.id }]) {
      const answer = await create('word', { path: '/users', key: server.adminKey, body: made, headers })
      expect(answer.status).toBe(201)
      ids.add(answer.body.id)
    }
    expect(ids.size).toBe(3)
  })

  test('two paths', async () => {
    const made = { name: 'Ada', role: 'viewer' }
    await create('word', { key: server.adminKey, body: { userId: server.admin.userId } })
    const user = await create('word', { path: '/users', key: server.adminKey, body: made })
    expect(user).toMatchObject({ status: 201, body: { name: 'Ada' } })
  })

  test('and not without permission: it is asked for before anything is replayed', async () => {
    const { id, key } = await expectCreated(server, {
      path: '/keys',
      key: company.users.owner.key,
      body: { userId: company.users.admin.id },
    })
    await create('word', { key })
    const path = `/keys/${id}`
    await server.call({ method: 'PATCH', path, key: company.users.owner.key, body: { permissions: [] } })
    expectProblem(await create('word', { key }), 'missing_permission')
    await server.call({ method: 'DELETE', path, key: company.users.owner.key })
    expectProblem(await create('word', { key }), 'key_inactive')
  })
})

test('an error is not kept: the same word may succeed later', async () => {
  const user = await expectCreated(server, {
    path: '/users',
    key: company.users.owner.key,
    body: { name: 'x', role: 'viewer' },
  })
  const setStatus = (status: string) =>
    server.call({
      method: 'PATCH',
      path: `/users/${user.id}`,
      key: company.users.owner.key,
      body: { status },
    })
  await setStatus('inactive')
  for (let count = 0; count < 2; count++) {
    const answer = await create('word', { body: { userId: user.id } })
    expectProblem(answer, { code: 'user_not_found', status: 400 })
  }
  expect(await rows()).toHaveLength(0)
  await setStatus('active')
  const made = await create('word', { body: { userId: user.id } })
  expect(made.status).toBe(201)
  expect(made.headers).not.toHaveProperty(REPLAYED)
})

test('many at once of which the first fails: each is answered, none with another’s success', async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => create('word', { body: { userId: 'nobody' } })),
  )
  for (const answer of answers) expectProblem(answer, { code: 'user_not_found', status: 400 })
  expect(await rows()).toHaveLength(0)
})

describe('the header', () => {
  test.each(['a', 'a'.repeat(255), '!~#$%&*()[]{}"', '8e03978e-40d5-43e8-bc93-6894a57f9324', '0'])(
    '%j is a word',
    async (word) => {
      const first = await create(word)
      expect(first.status).toBe(201)
      expect((await create(word)).headers[REPLAYED]).toBe('true')
    },
  )

  test.each(['', 'a'.repeat(256), 'a b', ' ', 'a\tb', 'w\u00f6rd', '\u{1f511}', 'a\u007f'])(
    '%j is none: 400, and nothing is made',
    async (word) => {
      const before = await total()
      expectProblem(await create(word), { code: 'invalid_parameter', header: 'Idempotency-Key' })
      expect(await total()).toBe(before)
    },
  )

  test('sent twice is 400, be it the same', async () => {
    expectProblem(await create(['word', 'word']), { code: 'duplicate_parameter', header: 'Idempotency-Key' })
  })

  test('words differ by letter case', async () => {
    const [upper, lower] = [await create('Word'), await create('word')]
    expect(upper.body.id).not.toBe(lower.body.id)
  })
})

describe('an answer is kept', () => {
  test('for 24 hours to the millisecond, then the word is free', async () => {
    const first = await create('word')
    clock.move(24 * HOUR_MS - 1)
    expect((await create('word')).text).toBe(first.text)
    clock.move(1)
    const later = await create('word', { body: body({ description: 'another body' }) })
    expect(later.status).toBe(201)
    expect(later.headers).not.toHaveProperty(REPLAYED)
    expect(later.body.id).not.toBe(first.body.id)
    // Its own day begins now.
    clock.move(24 * HOUR_MS - 1)
    const again = await create('word', { body: body({ description: 'another body' }) })
    expect(again.text).toBe(later.text)
  })

  test('and is swept away afterwards, not before', async () => {
    await create('word')
    const sweep = () =>
      server.services.engine.write((db) => deleteExpiredIdempotency(db, server.services.clock.nowMs()))
    clock.move(24 * HOUR_MS - 1)
    await sweep()
    expect(await rows()).toHaveLength(1)
    clock.move(1)
    await sweep()
    expect(await rows()).toHaveLength(0)
  })

  test('sealed: neither word, body nor answer can be read from what is stored', async () => {
    const word = 'a-word-that-is-not-stored'
    const { text, body: made } = await create(word, { body: body({ description: 'not stored in clear' }) })
    const stored = Buffer.concat(
      (await rows()).flatMap((row) =>
        [row.hash, row.body_hash, row.sealed].map((bytes) => Buffer.from(bytes)),
      ),
    )
    for (const plain of [word, 'not stored in clear', made.key, made.id, company.id]) {
      expect(stored.includes(plain)).toBe(false)
    }
    expect(stored.length).toBeGreaterThan(text.length)
  })
})

test('a token that may do less is not handed what its key was given', async () => {
  const { keyId: id, key } = company.users.admin
  const first = await create('word')
  const narrow = await accessToken(server, { id, key }, { scope: 'keys:create' })
  const headers = { ...bearer(narrow), 'idempotency-key': 'word' }
  const answer = await server.call({ method: 'POST', path: '/keys', key: null, headers, body: body() })
  expect(answer.text).not.toContain(first.body.key)
  expect((await create('word')).text).toBe(first.text)
})

test('requests without a word are never replayed', async () => {
  const before = await total()
  const send = () => server.call({ method: 'POST', path: '/keys', key: admin(), body: body() })
  const answers = await Promise.all([send(), send(), send()])
  expect(new Set(answers.map((answer) => answer.body.key)).size).toBe(3)
  expect(await total()).toBe(before + 3)
  expect(await rows()).toHaveLength(0)
})
