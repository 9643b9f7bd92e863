/** null for a field that may be absent is as if it were absent, where it widens nothing; where it means something, it does. */
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestCompany,
  useTestServer,
} from '../../harness.ts'

const server = useTestServer()
let company: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
})

const newKey = (fields: object = {}): Promise<Parsed> =>
  expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, ...fields } })
const post = (path: string, body: unknown) => server.call({ method: 'POST', path, body })
const patch = (path: string, body: unknown) => server.call({ method: 'PATCH', path, body })

describe('a verification', () => {
  test('with nulls has the verdict of one without', async () => {
    const { key } = await newKey()
    for (const fields of [{ ip: null }, { permissions: null }, { ip: null, permissions: null }]) {
      expect((await post('/verify', { key, ...fields })).body).toMatchObject({ valid: true, code: 'VALID' })
      const { body } = await post('/verify/batch', { keys: [{ key, ...fields }, { key }] })
      expect(body.results.map(({ code }: Parsed) => code)).toEqual(['VALID', 'VALID'])
    }
  })

  test('without an address of a restricted key is refused, null or not', async () => {
    const { key } = await newKey({ whitelistedIPs: ['192.0.2.1'] })
    for (const fields of [{}, { ip: null }]) {
      expect((await post('/verify', { key, ...fields })).body.code).toBe('IP_REQUIRED')
    }
  })

  test('needs a key, and whole permissions', async () => {
    expectProblem(await post('/verify', { key: null }), { code: 'invalid_field', pointer: '/key' })
    const { key } = await newKey()
    const holed = await post('/verify', { key, permissions: [null] })
    expectProblem(holed, { code: 'invalid_field', pointer: '/permissions/0' })
    const batch = await post('/verify/batch', { keys: [{ key, ip: null }, null] })
    expectProblem(batch, { code: 'invalid_field', pointer: '/keys/1' })
    expectProblem(await post('/verify/batch', { keys: null }), { code: 'invalid_field', pointer: '/keys' })
  })
})

describe('a creation', () => {
  test('with every optional field null is one with none of them', async () => {
    const fields = {
      whitelistedIPs: null,
      description: null,
      expiresAt: null,
      mode: null,
      metadata: null,
    }
    const [bare, nulled] = [await newKey(), await newKey(fields)]
    const { id: _1, key: _2, createdAt: _3, updatedAt: _4, ...rest } = bare
    expect(nulled).toMatchObject(rest)
    expect(nulled).toMatchObject({ mode: 'live', metadata: {} })
    const user = { name: 'Ada', role: 'viewer', email: null, externalId: null, permissions: null }
    expect((await expectCreated(server, { path: '/users', body: user })).email).toBe(null)
    await expectCreated(server, { path: '/companies', body: { name: 'Acme', externalId: null } })
  })

  test.each([
    ['/keys', { userId: null }, '/userId'],
    ['/users', { name: null, role: 'viewer' }, '/name'],
    ['/users', { name: 'Ada', role: null }, '/role'],
    ['/companies', { name: null }, '/name'],
    ['/auth/token', { username: null, password: 'x' }, '/username'],
    ['/auth/token/short-lived', { permissions: null }, '/permissions'],
  ])('%s needs what it needs: %j', async (path, body, pointer) => {
    const { errors } = expectProblem(await post(path, body), { code: 'invalid_field', pointer })
    expect(errors[0].detail).toContain('got null')
  })

  test('null is no metadata, no element of a list, and no unknown or read-only field', async () => {
    const body = { userId: server.admin.userId }
    const wrong = [
      [{ metadata: { plan: null } }, 'invalid_field', '/metadata/plan'],
      [{ permissions: [null] }, 'invalid_field', '/permissions/0'],
      [{ whitelistedIPs: [null] }, 'invalid_ip', '/whitelistedIPs/0'],
      [{ modus: null }, 'unknown_field', '/modus'],
      [{ status: null }, 'read_only_field', '/status'],
      [{ enabled: null }, 'read_only_field', '/enabled'],
    ] as const
    for (const [fields, code, pointer] of wrong) {
      expectProblem(await post('/keys', { ...body, ...fields }), { code, pointer })
    }
  })
})

describe('a change', () => {
  test('leaves alone what is null and has no meaning of its own for it', async () => {
    const key = await newKey({ metadata: { plan: 'pro' } })
    await patch(`/keys/${key.id}`, { enabled: false })
    const changed = await patch(`/keys/${key.id}`, { description: 'x', enabled: null, metadata: null })
    expect(changed.body).toMatchObject({ description: 'x', enabled: false, metadata: { plan: 'pro' } })
    const user = await expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'viewer' } })
    const renamed = await patch(`/users/${user.id}`, { name: 'Bea', role: null, status: null })
    expect(renamed.body).toMatchObject({ name: 'Bea', role: 'viewer', status: 'active' })
    const named = await patch(`/companies/${company.id}`, { name: 'Zeta', status: null })
    expect(named.body).toMatchObject({ name: 'Zeta', status: 'active' })
  })

  test('of nothing but such nulls is one that names nothing', async () => {
    const { id } = await newKey()
    for (const body of [{ enabled: null }, { metadata: null, enabled: null }, {}]) {
      const { detail } = expectProblem(await patch(`/keys/${id}`, body), 'invalid_body')
      expect(detail).toContain('names nothing to change')
    }
    expectProblem(await patch(`/users/${server.admin.userId}`, { name: null }), 'invalid_body')
    expectProblem(await patch(`/companies/${company.id}`, { name: null, status: null }), 'invalid_body')
  })

  test('takes away what null takes away', async () => {
    const { id } = await newKey({
      whitelistedIPs: ['192.0.2.1'],
      expiresAt: '2999-01-01T00:00:00Z',
      description: 'x',
    })
    const body = { whitelistedIPs: null, expiresAt: null, description: null }
    expect((await patch(`/keys/${id}`, body)).body).toMatchObject(body)
  })
})
