import { parseSecret } from '@latchkey/core/secret'
import { beforeAll, describe, expect, test } from 'vitest'
import { comparable, expectProblem } from '../../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  startTestServer,
  type TestAnswer,
  type TestCompany,
  useTestServer,
} from '../../harness.ts'

const clock = createFakeClock()
let company: TestCompany

const server = useTestServer({}, { clock })
beforeAll(async () => {
  company = await createTestCompany(server)
})

const userId = () => company.users.developer.id
const create = (fields: object = {}): Promise<TestAnswer> =>
  server.call({
    method: 'POST',
    path: '/keys',
    key: company.users.admin.key,
    body: { userId: userId(), ...fields },
  })
const created = async (fields: object = {}): Promise<Parsed> => {
  const answer = await create(fields)
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 201 })
  return answer.body
}
const read = async (id: string): Promise<Parsed> =>
  (await server.call({ path: `/keys/${id}`, key: company.users.viewer.key })).body

describe('the answer', () => {
  test('is 201 with Location, ETag, the nine fields of the seed in their order and then the others', async () => {
    const answer = await create()
    expect(answer.status).toBe(201)
    expect(answer.headers.location).toBe(`/keys/${answer.body.id}`)
    expect(answer.headers.etag).toBe('"1"')
    expect(Object.entries(answer.body)).toEqual(
      Object.entries({
        id: expect.stringMatching(/^key_[0-9a-hjkmnp-tv-z]{26}$/),
        companyId: company.id,
        userId: userId(),
        key: expect.stringMatching(/^lk_live_[0-9A-Za-z]{49}$/),
        whitelistedIPs: null,
        status: 'active',
        createdAt: '2026-11-20T09:30:00.000Z',
        updatedAt: '2026-11-20T09:30:00.000Z',
        deletedAt: null,
        description: null,
        expiresAt: null,
        permissions: null,
        mode: 'live',
        metadata: {},
        rateLimits: null,
        quota: null,
        enabled: true,
        statusReason: null,
        createdBy: company.users.admin.keyId,
        lastUsedAt: null,
        lastAddress: null,
        lastRefusedAt: null,
        lastRefusedCode: null,
        lastRefusedAddress: null,
        rotation: null,
        imported: null,
      }),
    )
  })

  test('is what is read later, but for the secret', async () => {
    const fields = {
      whitelistedIPs: ['1.1.1.1'],
      description: 'ci',
      expiresAt: '2027-01-31T00:00:00.000Z',
      permissions: ['keys:read', 'orders:*'],
      mode: 'test',
      metadata: { team: 'a', '': undefined },
    }
    const body = await created(fields)
    expect(body).toMatchObject({ ...fields, metadata: { team: 'a' } })
    expect(await read(body.id)).toEqual({ ...body, key: `${body.key.slice(0, 12)}...${body.key.slice(-4)}` })
  })

  test('holds a secret with a checksum, which works at once', async () => {
    const { key, id } = await created()
    expect(parseSecret(key, 'lk')).toBeDefined()
    expect((await server.call({ path: '/me', key })).body.credential).toMatchObject({ type: 'key', id })
    const typo = `${key.slice(0, 20)}${key[20] === 'x' ? 'y' : 'x'}${key.slice(21)}`
    expectProblem(await server.call({ path: '/me', key: typo }), 'invalid_credentials')
  })

  test('mode test and LATCHKEY_KEY_PREFIX are part of the secret', async () => {
    expect((await created({ mode: 'test' })).key).toMatch(/^lk_test_/)
    const other = await startTestServer({ LATCHKEY_KEY_PREFIX: 'acme' })
    try {
      expect(other.adminKey).toMatch(/^acme_live_/)
      expect((await other.call({ path: '/me' })).status).toBe(200)
      expectProblem(await other.call({ path: '/me', key: server.adminKey }), 'invalid_credentials')
    } finally {
      await other.dispose()
    }
  })
})

test('the secret appears in its own 201 and nowhere else: not in answers, logs or the files of the store', async () => {
  const { id, key } = await created({ description: 'leak?' })
  const answers = [
    await server.call({ path: `/keys/${id}`, key }),
    await server.call({ path: '/keys?limit=100', key }),
    await server.call({ path: '/me', key }),
    await server.call({ path: '/audit?limit=100', key: company.users.admin.key }),
    await server.call({ method: 'POST', path: '/verify', body: { key }, key: company.users.admin.key }),
    await server.call({ method: 'PATCH', path: `/keys/${id}`, body: { description: 'x' }, key }),
    await server.call({ path: `/keys/${key}`, key }),
    await server.call({ path: `/${key}`, key }),
    await server.call({ path: `/keys?status=${key}`, key }),
    await server.call({ path: `/keys?${key}=1`, key }),
    await server.call({ path: `/keys?search=${key}&limit=1`, key }),
    await server.call({
      method: 'POST',
      path: '/keys',
      body: { userId: key, [key]: key, whitelistedIPs: [key] },
      key,
    }),
    await server.call({ method: 'POST', path: '/keys', text: `{"${key}" "${key}"}`, key }),
    await server.call({ path: '/keys', key: null, headers: { authorization: `Basic ${key}` } }),
    await server.call({ method: 'DELETE', path: `/keys/${id}`, key }),
    await server.call({ path: '/me', key }),
  ]
  await server.services.usage.flush()
  const stored = await server.stored()
  const needles = [key, key.slice(8, -4), key.slice(8, 40)]
  for (const needle of needles) {
    for (const answer of answers) {
      expect(answer.text).not.toContain(needle)
      expect(JSON.stringify(answer.headers)).not.toContain(needle)
    }
    expect(server.logged.join('\n')).not.toContain(needle)
    expect(stored.includes(needle)).toBe(false)
  }
  expect(stored.includes(id)).toBe(true)
})

describe('userId', () => {
  test('is required', async () => {
    expectProblem(await create({ userId: undefined }), { code: 'missing_field', pointer: '/userId' })
    expectProblem(await create({ userId: null }), { code: 'invalid_field', pointer: '/userId' })
  })

  test('unknown, inactive, foreign and malformed get one answer for all: 400 at /userId', async () => {
    const inactive = await expectCreated(server, {
      path: '/users',
      key: company.users.owner.key,
      body: { name: 'x', role: 'viewer' },
    })
    await server.call({
      method: 'PATCH',
      path: `/users/${inactive.id}`,
      key: company.users.owner.key,
      body: { status: 'inactive' },
    })
    const foreign = server.admin.userId
    const answers: unknown[] = []
    for (const id of [
      inactive.id,
      foreign,
      `${foreign.slice(0, -4)}zzzz`,
      'nonsense',
      '',
      company.users.owner.keyId,
    ]) {
      const answer = await create({ userId: id })
      expectProblem(answer, { code: 'user_not_found', status: 400, pointer: '/userId' })
      answers.push(comparable(answer))
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  })

  test.each(['companyId', 'createdBy', 'id', 'key', 'status', 'createdAt', 'enabled'])(
    'the body never says %s',
    async (name) => {
      expectProblem(await create({ [name]: 'x' }), { code: 'read_only_field', pointer: `/${name}` })
    },
  )

  test('a misspelt restriction makes no unrestricted key', async () => {
    const total = async () =>
      (await server.call({ path: '/keys?status=all', key: company.users.viewer.key })).body.total
    const before = await total()
    const answer = await create({ whitelistedIps: ['1.1.1.1'] })
    expectProblem(answer, { code: 'unknown_field', pointer: '/whitelistedIps', suggestion: 'whitelistedIPs' })
    expect(await total()).toBe(before)
  })
})

describe('optional fields', () => {
  test.each([
    ['description', null],
    ['description', 'x'],
    ['description', '🔑'.repeat(200)],
    ['expiresAt', null],
    ['permissions', null],
    ['permissions', []],
    ['permissions', ['*']],
    ['permissions', ['keys:*', 'orders:read', 'a.b_c-d:e']],
    ['mode', 'live'],
    ['mode', 'test'],
    ['metadata', {}],
    ['metadata', { 'a/b~c': '', constructor: 'x', toString: 'y' }],
    ['metadata', { ['n'.repeat(100)]: 'v'.repeat(500) }],
    ['metadata', Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`n${index}`, 'v']))],
  ])('%s: %j is kept', async (name, value) => {
    const body = await created({ [name]: value })
    expect(body[name]).toEqual(value)
    expect((await read(body.id))[name]).toEqual(value)
  })

  test.each([
    ['description', '', '/description'],
    ['description', 'x'.repeat(201), '/description'],
    ['description', 'two\nlines', '/description'],
    ['description', 1, '/description'],
    ['expiresAt', '2026-11-20T09:29:59.999Z', '/expiresAt'],
    ['expiresAt', '2026-11-20T09:30:00.000Z', '/expiresAt'],
    ['expiresAt', '2027-01-31', '/expiresAt'],
    ['expiresAt', '2027-01-31T00:00:00', '/expiresAt'],
    ['expiresAt', '2027-02-30T00:00:00Z', '/expiresAt'],
    ['expiresAt', '', '/expiresAt'],
    ['expiresAt', 1_900_000_000_000, '/expiresAt'],
    ['permissions', 'keys:read', '/permissions'],
    ['permissions', ['keys:read', 'keys:destroy'], '/permissions/1'],
    ['permissions', ['keys'], '/permissions/0'],
    ['permissions', ['Orders:read'], '/permissions/0'],
    ['permissions', ['orders:read:all'], '/permissions/0'],
    ['permissions', [''], '/permissions/0'],
    ['permissions', [1], '/permissions/0'],
    ['permissions', ['audit:read'], '/permissions/0'],
    ['mode', 'LIVE', '/mode'],
    ['mode', 1, '/mode'],
    ['metadata', 'x', '/metadata'],
    ['metadata', [], '/metadata'],
    ['metadata', { a: 1 }, '/metadata/a'],
    ['metadata', { a: null }, '/metadata/a'],
    ['metadata', { a: 'v'.repeat(501) }, '/metadata/a'],
    ['metadata', { ['n'.repeat(101)]: 'v' }, '/metadata'],
    ['metadata', { '': 'v' }, '/metadata'],
    [
      'metadata',
      Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`n${index}`, 'v'])),
      '/metadata',
    ],
  ])('%s: %j is refused at its place', async (name, value, pointer) => {
    expectProblem(await create({ [name]: value }), { code: 'invalid_field', pointer })
  })

  test('a moment is answered in UTC with milliseconds, whatever the zone it was given in', async () => {
    const { expiresAt } = await created({ expiresAt: '2027-01-31T02:30:00.1234567+02:30' })
    expect(expiresAt).toBe('2027-01-31T00:00:00.123Z')
  })

  test('each permission is kept once', async () => {
    const { permissions } = await created({ permissions: ['orders:read', 'keys:list', 'orders:read'] })
    expect(permissions).toEqual(['orders:read', 'keys:list'])
  })

  test('__proto__ is no metadata name', async () => {
    const text = `{"userId":"${userId()}","metadata":{"__proto__":"x"}}`
    const answer = await server.call({ method: 'POST', path: '/keys', key: company.users.admin.key, text })
    expectProblem(answer, { code: 'invalid_field', pointer: '/metadata' })
  })

  test('all failures of schema at once, and when there are none all failures of meaning at once', async () => {
    const ofSchema = await create({
      userId: 1,
      descriptio: 'x',
      mode: 'prod',
      expiresAt: '2000-01-01T00:00:00Z',
    })
    expect(ofSchema.body.errors.map(({ pointer, code }: Parsed) => `${pointer} ${code}`).sort()).toEqual([
      '/descriptio unknown_field',
      '/mode invalid_field',
      '/userId invalid_field',
    ])
    const ofMeaning = await create({
      userId: 'x',
      expiresAt: '2000-01-01T00:00:00Z',
      permissions: ['x'],
      whitelistedIPs: ['x', '1.1.1.1', 'y'],
    })
    expect(ofMeaning.body.errors.map(({ pointer, code }: Parsed) => `${pointer} ${code}`).sort()).toEqual([
      '/expiresAt invalid_field',
      '/permissions/0 invalid_field',
      '/userId user_not_found',
      '/whitelistedIPs/0 invalid_ip',
      '/whitelistedIPs/2 invalid_ip',
    ])
    for (const { body, status } of [ofSchema, ofMeaning])
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_body' })
  })
})

test('a key stops by itself when it expires, to the millisecond', async () => {
  const { key } = await created({ expiresAt: new Date(clock.nowMs() + HOUR_MS).toISOString() })
  clock.move(HOUR_MS - 1)
  expect((await server.call({ path: '/me', key })).status).toBe(200)
  clock.move(1)
  expectProblem(await server.call({ path: '/me', key }), 'key_expired')
})
