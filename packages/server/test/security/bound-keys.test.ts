/**
 * A key that is restricted, or ends, makes nothing that can do the same without that: no key, no user, no promotion. Nor
 * does a secret that was replaced, which ends too.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestAnswer,
  type TestCompany,
  useTestServer,
} from '../harness.ts'
import { accessToken, bearer } from '../tokens/issued-token.ts'

let company: TestCompany
const clock = createFakeClock()

const server = useTestServer({}, { clock })
beforeEach(async () => {
  company = await createTestCompany(server)
})

const inHours = (hours: number) => new Date(clock.nowMs() + hours * HOUR_MS).toISOString()
const ask = (method: 'POST' | 'PATCH' | 'DELETE', path: string, headers: object, body?: object) =>
  server.call({ method, path, key: null, headers: { ...headers }, ...(body === undefined ? {} : { body }) })
/** A key of the owner, made by the owner. */
const made = (fields: object = {}): Promise<Parsed> =>
  expectCreated(server, {
    path: '/keys',
    key: company.users.owner.key,
    body: { userId: company.users.owner.id, ...fields },
  })
const makeUser = (role: string, fields: object = {}): Promise<Parsed> =>
  expectCreated(server, {
    path: '/users',
    key: company.users.owner.key,
    body: { name: 'U', role, ...fields },
  })
const byKey = (key: string) => ({ 'x-api-key': key })
/** A free key that `maker` made for a viewer, who has become an owner since. */
async function keyOfPromoted(maker: string): Promise<string> {
  const user = await makeUser('viewer')
  const { id } = await expectCreated(server, { path: '/keys', key: maker, body: { userId: user.id } })
  const owner = byKey(company.users.owner.key)
  expect((await ask('PATCH', `/users/${user.id}`, owner, { role: 'owner' })).status).toBe(200)
  return id
}
const mail = () => `${company.id}@example.com`

const RATE = { name: 'minute', limit: 5, windowSeconds: 60 }
const QUOTA = { limit: 50, period: 'day' }
const FREE = { whitelistedIPs: null, expiresAt: null, rateLimits: null, quota: null }

/** What each of them is called with. */
const bounds: readonly (readonly [string, () => Promise<object>])[] = [
  ['a restricted key', async () => byKey((await made({ whitelistedIPs: ['127.0.0.1'] })).key)],
  ['a key that ends', async () => byKey((await made({ expiresAt: inHours(1) })).key)],
  ['a key with a rate limit', async () => byKey((await made({ rateLimits: [RATE] })).key)],
  ['a key with a quota', async () => byKey((await made({ quota: QUOTA })).key)],
  [
    'a token of a restricted key',
    async () => bearer(await accessToken(server, await made({ whitelistedIPs: ['127.0.0.1'] }))),
  ],
  [
    'a secret that was replaced',
    async () => {
      const { id, key } = await made()
      await ask('POST', `/keys/${id}/rotation`, byKey(key), { overlapSeconds: 3_600 })
      return byKey(key)
    },
  ],
]

/** What would give whoever has it, or who helps it, the same power without the bound. */
const attempts: readonly (readonly [string, number, (headers: object) => Promise<TestAnswer>])[] = [
  [
    'invite its own user',
    201,
    async (headers) => {
      await ask('PATCH', `/users/${company.users.owner.id}`, byKey(company.users.owner.key), {
        email: mail(),
      })
      return ask('POST', `/users/${company.users.owner.id}/invitation`, headers)
    },
  ],
  [
    'invite an equal',
    201,
    async (headers) => {
      const { id } = await makeUser('owner', { email: mail() })
      return ask('POST', `/users/${id}/invitation`, headers)
    },
  ],
  [
    'promote a user with a free key to be its equal',
    200,
    async (headers) => {
      const { id } = await makeUser('viewer')
      const free = await ask('POST', '/keys', headers, { userId: id, ...FREE })
      expect(free.status, free.text).toBe(201)
      return ask('PATCH', `/users/${id}`, headers, { role: 'owner' })
    },
  ],
  [
    'let an outside issuer speak for an equal',
    200,
    (headers) => ask('PATCH', `/users/${company.users.owner.id}`, headers, { externalId: 'mine' }),
  ],
  [
    'make an equal for whom an outside issuer speaks',
    201,
    (headers) => ask('POST', '/users', headers, { name: 'U', role: 'owner', externalId: 'mine' }),
  ],
  [
    'give an equal another address to sign in with',
    200,
    (headers) => ask('PATCH', `/users/${company.users.owner.id}`, headers, { email: mail() }),
  ],
  [
    'activate an equal',
    200,
    async (headers) => {
      const { id } = await makeUser('owner')
      await ask('PATCH', `/users/${id}`, byKey(company.users.owner.key), { status: 'inactive' })
      return ask('PATCH', `/users/${id}`, headers, { status: 'active' })
    },
  ],
  [
    'make a free key of its user',
    201,
    (headers) => ask('POST', '/keys', headers, { userId: company.users.owner.id, ...FREE }),
  ],
  [
    'give a free key of its user more permissions',
    200,
    async (headers) => {
      const { id } = await made({ permissions: ['keys:list'] })
      return ask('PATCH', `/keys/${id}`, headers, { permissions: null })
    },
  ],
  [
    'lift the ceiling of a free key of an equal by repeating its permissions',
    200,
    async (headers) => {
      const { key } = await made({ permissions: ['keys:create', 'keys:list', 'keys:read'] })
      return ask('PATCH', `/keys/${await keyOfPromoted(key)}`, headers, { permissions: null })
    },
  ],
  [
    'make a free key that an admin made one of an owner by repeating its permissions',
    200,
    async (headers) => {
      const id = await keyOfPromoted(company.users.admin.key)
      return ask('PATCH', `/keys/${id}`, headers, { permissions: null })
    },
  ],
  [
    'do the same with a list that comes to the same permissions',
    200,
    async (headers) => {
      const id = await keyOfPromoted(company.users.admin.key)
      return ask('PATCH', `/keys/${id}`, headers, { permissions: ['*'] })
    },
  ],
  [
    'revive a free key of its user',
    200,
    async (headers) => {
      const { id, key } = await made()
      await ask('PATCH', `/keys/${id}`, byKey(key), { enabled: false })
      return ask('PATCH', `/keys/${id}`, headers, { enabled: true })
    },
  ],
  [
    'lift the bounds of a key of its user',
    200,
    async (headers) => {
      const { id } = await made({ expiresAt: inHours(0.5), whitelistedIPs: ['192.0.2.1'] })
      return ask('PATCH', `/keys/${id}`, headers, { expiresAt: null, whitelistedIPs: null })
    },
  ],
  [
    'lift the limits of a key of its user',
    200,
    async (headers) => {
      const { id } = await made({ rateLimits: [{ ...RATE, limit: 1 }], quota: QUOTA })
      return ask('PATCH', `/keys/${id}`, headers, { rateLimits: null, quota: null })
    },
  ],
  [
    'rotate a free key of its user',
    201,
    async (headers) => ask('POST', `/keys/${(await made()).id}/rotation`, headers, {}),
  ],
]

describe.each(bounds)('%s', (_who, credential) => {
  test.each(attempts)('does not %s', async (_what, _status, attempt) => {
    expectProblem(await attempt(await credential()), 'permission_escalation')
  })
})

test.each(attempts)('a key without a bound may %s', async (_what, status, attempt) => {
  const answer = await attempt(byKey((await made()).key))
  expect(answer.status, answer.text).toBe(status)
})

describe('a bound key', () => {
  /** What it is there for, and what takes power away. */
  test.each<readonly [string, number, (headers: object) => Promise<TestAnswer>]>([
    [
      'makes and invites weaker users',
      201,
      async (headers) => {
        const user = { name: 'U', role: 'admin', email: mail(), externalId: 'a' }
        const { body } = await ask('POST', '/users', headers, user)
        return ask('POST', `/users/${body.id}/invitation`, headers)
      },
    ],
    [
      'promotes below itself',
      200,
      (headers) => ask('PATCH', `/users/${company.users.viewer.id}`, headers, { role: 'admin' }),
    ],
    [
      'deactivates an equal',
      200,
      async (headers) =>
        ask('PATCH', `/users/${(await makeUser('owner')).id}`, headers, { status: 'inactive' }),
    ],
    [
      'demotes an equal',
      200,
      async (headers) => ask('PATCH', `/users/${(await makeUser('owner')).id}`, headers, { role: 'viewer' }),
    ],
    [
      'names an equal',
      200,
      (headers) => ask('PATCH', `/users/${company.users.owner.id}`, headers, { name: 'Ada' }),
    ],
    [
      'takes permissions from a free key of its user',
      200,
      async (headers) => ask('PATCH', `/keys/${(await made()).id}`, headers, { permissions: ['keys:list'] }),
    ],
    [
      'deletes a free key of its user',
      204,
      async (headers) => ask('DELETE', `/keys/${(await made()).id}`, headers),
    ],
  ])('%s', async (_what, status, attempt) => {
    const { key } = await made({ whitelistedIPs: ['127.0.0.1'], expiresAt: inHours(1) })
    const answer = await attempt(byKey(key))
    expect(answer.status, answer.text).toBe(status)
  })

  test('that is a replaced secret makes keys that end with it, where nothing is said', async () => {
    const { id, key } = await made()
    await ask('POST', `/keys/${id}/rotation`, byKey(key), { overlapSeconds: 3_600 })
    const { body } = await ask('POST', '/keys', byKey(key), { userId: company.users.owner.id })
    expect(body.expiresAt).toBe(inHours(1))
    clock.move(HOUR_MS)
    expectProblem(await server.call({ path: '/me', key: body.key }), 'key_expired')
  })
})

describe('a key with limits', () => {
  const limited = () => made({ rateLimits: [RATE], quota: QUOTA })

  test('makes keys with the same, where nothing is said', async () => {
    const { key } = await limited()
    const { body } = await ask('POST', '/keys', byKey(key), { userId: company.users.owner.id })
    expect(body).toMatchObject({ rateLimits: [RATE], quota: QUOTA })
  })

  test.each<readonly [string, object, 'refused' | 'done']>([
    ['lifts its own rate limit', { rateLimits: null }, 'refused'],
    ['lifts its own quota', { quota: null }, 'refused'],
    ['raises its own', { rateLimits: [{ ...RATE, limit: 6 }] }, 'refused'],
    ['shortens its own window', { rateLimits: [{ ...RATE, windowSeconds: 1 }] }, 'refused'],
    ['begins its own anew under another name', { rateLimits: [{ ...RATE, name: 'other' }] }, 'refused'],
    ['leaves its quota as it is', { quota: QUOTA }, 'done'],
    ['makes its quota one of a month', { quota: { ...QUOTA, period: 'month' } }, 'done'],
    ['lowers its own', { rateLimits: [{ ...RATE, limit: 4 }] }, 'done'],
    ['adds one', { rateLimits: [RATE, { name: 'day', limit: 9, windowSeconds: 86_400 }] }, 'done'],
  ])('%s: %j is %s', async (_what, patch, end) => {
    const { id, key } = await limited()
    const answer = await ask('PATCH', `/keys/${id}`, byKey(key), patch)
    if (end === 'refused') expectProblem(answer, 'permission_escalation')
    else expect(answer.status, answer.text).toBe(200)
  })
})

test('a secret that was replaced is not handed what its successor was given', async () => {
  const { id, key } = await made()
  const { key: fresh } = (await ask('POST', `/keys/${id}/rotation`, byKey(key), {})).body
  const create = (secret: string) =>
    ask(
      'POST',
      '/keys',
      { ...byKey(secret), 'idempotency-key': 'guessed' },
      { userId: company.users.viewer.id },
    )
  const given = await create(fresh)
  const other = await create(key)
  expect([given.status, other.status]).toEqual([201, 201])
  expect(other.body.id).not.toBe(given.body.id)
  // What it was given itself it gets again, also a new secret in its own place.
  expect((await create(fresh)).body).toEqual(given.body)
})
