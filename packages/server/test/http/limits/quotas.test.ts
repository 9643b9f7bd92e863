/** What one company may store is bounded; what it has goes on working, and can be restricted and deleted. */
import { createHash, createHmac } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import {
  createTestCompany,
  expectCreated,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../../harness.ts'

const server = useTestServer({
  LATCHKEY_KEYS_PER_COMPANY: '6',
  LATCHKEY_USERS_PER_COMPANY: '5',
  LATCHKEY_METADATA_BYTES_PER_KEY: '100',
})
let full: TestCompany
let other: TestCompany

beforeAll(async () => {
  full = await createTestCompany(server)
  other = await createTestCompany(server)
})

const asOwner = (company: TestCompany, request: TestRequest) =>
  server.call({ key: company.users.owner.key, ...request })
const newKey = (company: TestCompany, fields: object = {}): TestRequest => ({
  method: 'POST',
  path: '/keys',
  body: { userId: company.users.developer.id, ...fields },
})
const newUser = { method: 'POST', path: '/users', body: { name: 'User', role: 'viewer' } } as const

describe('keys', () => {
  test('up to the quota are made, deleted ones counted, and one more is refused in words that help', async () => {
    const { body: fifth } = await asOwner(full, newKey(full))
    await asOwner(full, { method: 'DELETE', path: `/keys/${fifth.id}` })
    expect((await asOwner(full, newKey(full))).status).toBe(201)
    const { detail } = expectProblem(await asOwner(full, newKey(full)), {
      status: 409,
      code: 'quota_exceeded',
    })
    expect(detail).toContain('has 6 keys, deleted ones among them, and may have 6')
    expect(detail).toContain('LATCHKEY_KEYS_PER_COMPANY')
    expect((await asOwner(full, { path: '/keys?status=all' })).body.total).toBe(6)
  })

  test('of another company are counted by themselves', async () => {
    expect((await asOwner(other, newKey(other))).status).toBe(201)
  })

  test('there are can be used, changed and deleted by a company that is full', async () => {
    const { keyId, key } = full.users.viewer
    const verify = { method: 'POST', path: '/verify', body: { key } } as const
    expect((await asOwner(full, verify)).body.code).toBe('VALID')
    const change = { method: 'PATCH', path: `/keys/${keyId}`, body: { description: 'changed' } } as const
    expect((await asOwner(full, change)).status).toBe(200)
    expect((await asOwner(full, { method: 'DELETE', path: `/keys/${keyId}` })).status).toBe(204)
    expect((await asOwner(full, verify)).body.code).toBe('INACTIVE')
  })

  test('an input that is wrong is told so, full or not', async () => {
    expectProblem(await asOwner(full, newKey(full, { whitelistedIPs: ['a'] })), 'invalid_ip')
  })

  test('made with an Idempotency-Key before it was full is given again', async () => {
    const company = await createTestCompany(server)
    const once = { ...newKey(company), headers: { 'idempotency-key': 'word' } }
    const first = await asOwner(company, once)
    await asOwner(company, newKey(company))
    expectProblem(await asOwner(company, newKey(company)), { status: 409, code: 'quota_exceeded' })
    const again = await asOwner(company, once)
    expect([again.status, again.body.id]).toEqual([201, first.body.id])
  })
})

describe('users', () => {
  test('up to the quota are made, and one more is refused', async () => {
    expect((await asOwner(full, newUser)).status).toBe(201)
    const { detail } = expectProblem(await asOwner(full, newUser), { status: 409, code: 'quota_exceeded' })
    expect(detail).toContain('LATCHKEY_USERS_PER_COMPANY')
    expect((await asOwner(other, newUser)).status).toBe(201)
  })

  test('there are can be deactivated', async () => {
    const { id } = full.users.viewer
    const change = { method: 'PATCH', path: `/users/${id}`, body: { status: 'inactive' } } as const
    expect((await asOwner(full, change)).status).toBe(200)
  })
})

describe('metadata', () => {
  // {"a":"…"} has eight signs around the value.
  const metadata = (bytes: number) => ({ metadata: { a: 'x'.repeat(bytes - 8) } })

  test('up to its bytes are stored; one more is refused, in a creation and in a change', async () => {
    const company = await createTestCompany(server)
    const { id } = await expectCreated(server, {
      ...newKey(company, metadata(100)),
      key: company.users.owner.key,
    })
    expectProblem(await asOwner(company, newKey(company, metadata(101))), {
      status: 409,
      code: 'quota_exceeded',
    })
    const change = { method: 'PATCH', path: `/keys/${id}`, body: metadata(101) } as const
    const { detail } = expectProblem(await asOwner(company, change), { status: 409, code: 'quota_exceeded' })
    expect(detail).toContain('LATCHKEY_METADATA_BYTES_PER_KEY')
    expect((await asOwner(company, { ...change, body: metadata(100) })).status).toBe(200)
  })

  test('is counted in bytes, not in characters', async () => {
    const company = await createTestCompany(server)
    const body = { metadata: { a: 'ü'.repeat(60) } }
    expectProblem(await asOwner(company, newKey(company, body)), { status: 409, code: 'quota_exceeded' })
  })

  test('of an imported key is bounded, too: its row is refused', async () => {
    const company = await createTestCompany(server)
    const key = (letter: string) => `acme_XvNKqMrDzTbWcHsYpLfJgRkQnZtVmBd${letter}`
    const row = { userId: company.users.developer.id }
    const keys = [
      { ...row, key: key('A'), ...metadata(100) },
      { ...row, key: key('B'), ...metadata(101) },
    ]
    const headers = { 'x-company-id': company.id }
    const { body } = await server.call({ method: 'POST', path: '/keys/import', headers, body: { keys } })
    expect(body.rows).toMatchObject([
      { outcome: 'created' },
      { outcome: 'refused', reason: expect.stringContaining('LATCHKEY_METADATA_BYTES_PER_KEY') },
    ])
  })
})

test('an import whose users find no room declares no format', async () => {
  const company = await createTestCompany(server)
  while ((await asOwner(company, newUser)).status === 201);
  const importOne = (row: object) =>
    server.call({
      method: 'POST',
      path: '/keys/import',
      headers: { 'x-company-id': company.id },
      body: { keys: [row], createUsers: true, pepper: 'of the old system', salt: 'of the old system' },
    })
  const digest = (algorithm: string, n: number) =>
    createHash(algorithm).update(`of import ${n}`).digest('hex')
  const inputs = ['whole', 'after-last-underscore', 'after-first-pipe', 'suffix-salt']
  const formats = ['sha256', 'sha512', 'sha512-256'].flatMap((algorithm) =>
    inputs.map((input) => [algorithm, input] as const),
  )
  for (const [n, [algorithm, input]] of formats.entries()) {
    const row = { hash: digest(algorithm, n), format: `${algorithm}:${input}`, externalUserId: 'nobody yet' }
    const { body } = await importOne(row)
    expect(body.rows[0].reason).toContain('LATCHKEY_USERS_PER_COMPANY')
  }
  const hash = createHmac('sha256', 'of the old system').update('the one that is there').digest('hex')
  const { body } = await importOne({ hash, format: 'hmac-sha256', userId: company.users.developer.id })
  expect(body.rows[0]).toMatchObject({ outcome: 'created' })
})
