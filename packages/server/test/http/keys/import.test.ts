/** POST /keys/import: keys that another system gave out go on working, and nobody has to be given a new one. */
import { createHash, createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { createFakeClock, type FakeClock, HOUR_MS } from '../../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  startTestServer,
  type TestAnswer,
  type TestCompany,
  type TestRequest,
  type TestService,
} from '../../harness.ts'

let server: TestService
let clock: FakeClock
let company: TestCompany

beforeAll(async () => {
  clock = createFakeClock()
  server = await startTestServer({}, { clock })
  company = await createTestCompany(server)
})
afterAll(() => server.dispose())

let count = 0
/** A text such as another system gives out. */
const newText = (prefix = 'shop_'): string =>
  `${prefix}${createHash('sha256').update(`text ${++count}`).digest('base64url').slice(0, 32)}`
const sha256 = (text: string, encoding: 'hex' | 'base64' = 'hex'): string =>
  createHash('sha256').update(text).digest(encoding)
const developer = () => company.users.developer.id

function send(body: object, request: Partial<TestRequest> = {}): Promise<TestAnswer> {
  return server.call({
    method: 'POST',
    path: '/keys/import',
    headers: { 'x-company-id': company.id },
    body: { user: developer(), ...body },
    ...request,
  })
}
async function rowsOf(body: object): Promise<Parsed[]> {
  const answer = await send(body)
  expect(answer.status, answer.text).toBe(200)
  return answer.body.rows
}
const importOne = async (row: object, beside: object = {}): Promise<Parsed> =>
  (await rowsOf({ keys: [row], ...beside }))[0]!
const verify = async (key: string, asked: object = {}): Promise<Parsed> =>
  (
    await server.call({
      method: 'POST',
      path: '/verify',
      key: company.users.admin.key,
      body: { key, ...asked },
    })
  ).body
const read = async (id: string): Promise<Parsed> =>
  (await server.call({ path: `/keys/${id}`, key: company.users.admin.key })).body

describe('a text that was imported', () => {
  const pepper = 'the old pepper'
  const salt = 'the old salt'
  const hmac = (text: string) => createHmac('sha256', pepper).update(text).digest('base64url')
  const forms: Readonly<Record<string, (text: string) => { row: object; beside?: object }>> = {
    'as it is': (key) => ({ row: { key } }),
    'by its sha256 in hex': (text) => ({ row: { hash: sha256(text).toUpperCase(), format: 'sha256' } }),
    'by its sha256 in base64': (text) => ({
      row: { hash: sha256(text, 'base64') },
      beside: { format: 'SHA-256' },
    }),
    'by the sha512 of it': (text) => ({
      row: { hash: createHash('sha512').update(text).digest('hex') },
      beside: { format: 'sha512' },
    }),
    'by what follows the pipe': (text) => ({
      row: { hash: sha256(text.slice(text.indexOf('|') + 1)) },
      beside: { format: 'sha256:after-first-pipe' },
    }),
    'by what follows the last underscore': (text) => ({
      row: { hash: sha256(text.slice(text.lastIndexOf('_') + 1)) },
      beside: { format: 'sha256:after-last-underscore' },
    }),
    'by an HMAC with a pepper': (text) => ({
      row: { hash: hmac(text) },
      beside: { format: 'hmac-sha256', pepper },
    }),
    'by the hash of it and a salt': (text) => ({
      row: { hash: sha256(text + salt) },
      beside: { format: 'sha256:suffix-salt', salt },
    }),
  }

  test.each(Object.entries(forms))('%s is verified', async (_, formOf) => {
    const text = newText('17|shop_')
    const { row, beside } = formOf(text)
    const { keyId, outcome } = await importOne(row, beside)
    expect(outcome).toBe('created')
    expect((await verify(`${text}x`)).code).toBe('NOT_FOUND')
    expect(await verify(text)).toMatchObject({ code: 'VALID', keyId, secret: 'current' })
  })

  test('is a credential in every place that takes a key', async () => {
    const key = newText()
    const row = { key, permissions: ['keys:list', 'keys:read'] }
    const { keyId } = await importOne(row)
    const asked = { path: '/me', key: null }
    const header = await server.call({ ...asked, headers: { 'x-api-key': key } })
    const bearer = await server.call({ ...asked, headers: { authorization: `Bearer ${key}` } })
    const batch = await server.call({
      method: 'POST',
      path: '/verify/batch',
      key: company.users.admin.key,
      body: { keys: [{ key }] },
    })
    const token = await server.call({
      method: 'POST',
      path: '/oauth/token',
      key: null,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${keyId}:${encodeURIComponent(key)}`).toString('base64')}`,
      },
      text: 'grant_type=client_credentials',
    })
    expect([header.status, bearer.status, batch.body.results?.[0]?.code ?? batch.text, token.status]).toEqual(
      [200, 200, 'VALID', 200],
    )
  })

  test.each<readonly [how: string, write: (text: string) => string]>([
    ['as curl and most clients write it', (text) => text],
    ['form-encoded (RFC 6749 §2.3.1)', encodeURIComponent],
  ])('in base64, with + / and =, is an OAuth client’s secret by Basic, %s', async (_, write) => {
    const key = `${newText('')}+/+${newText('')}=`
    const { keyId, outcome } = await importOne({ key, permissions: ['keys:list'] })
    expect(outcome).toBe('created')
    const answer = await server.call({
      method: 'POST',
      path: '/oauth/token',
      key: null,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${keyId}:${write(key)}`).toString('base64')}`,
      },
      text: 'grant_type=client_credentials',
    })
    expect(answer.status, answer.text).toBe(200)
  })

  test.each(['after-first-pipe', 'after-last-underscore'])(
    'and of which only what is %s was hashed is not found behind another in one header',
    async (part) => {
      const text = `x|x_${sha256(newText())}`
      const hash = sha256(text.slice(part === 'after-first-pipe' ? 2 : 4))
      const row = { hash, format: `sha256:${part}`, permissions: ['keys:verify'] }
      expect((await importOne(row, { user: company.users.admin.id })).outcome).toBe('created')
      const ask = (headers: Record<string, string>, path = '/me') => server.call({ path, key: null, headers })
      const asClient = (key: string) => [
        { 'x-api-key': key },
        { authorization: `Bearer ${key}` },
        { authorization: `bearer ${key} ` },
      ]
      for (const headers of asClient(text)) expect((await ask(headers)).status).toBe(200)
      for (const joined of [`x_y,${text}`, `x_y, ${text}`, `x_y ${text}`]) {
        // In a body nothing is joined on the way: what the old system took is taken.
        expect((await verify(joined)).code).toBe('VALID')
        for (const headers of asClient(joined)) {
          expect((await ask(headers)).body.code, JSON.stringify(headers)).toBe('invalid_credentials')
        }
        const gateway = { 'x-gateway-token': joined, 'x-api-key': text, 'x-forwarded-for': '192.0.2.7' }
        expect((await ask(gateway, '/gateway/check')).status).toBe(403)
      }
      const own = { 'x-gateway-token': text, 'x-api-key': text, 'x-forwarded-for': '192.0.2.7' }
      expect((await ask(own, '/gateway/check')).status).toBe(200)
    },
  )

  test.each([
    [
      'JSON in base64, as Tyk makes them',
      () => Buffer.from(`{"org":"x","id":"${newText()}"}`).toString('base64'),
    ],
    [
      'a token of some other system',
      () => `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(newText()).toString('base64url')}.${newText('')}`,
    ],
  ])('that is %s is verified in every place that takes a key', async (_, textOf) => {
    const [key, other] = [textOf(), textOf()]
    await importOne({ key, permissions: ['keys:list'] })
    expect((await verify(key)).code).toBe('VALID')
    expect((await verify(other)).code).toBe('NOT_FOUND')
    for (const [text, status] of [
      [key, 200],
      [other, 401],
    ] as const) {
      const asked = { path: '/me', key: null }
      const header = await server.call({ ...asked, headers: { 'x-api-key': text } })
      const bearer = await server.call({ ...asked, headers: { authorization: `Bearer ${text}` } })
      expect([header.status, bearer.status]).toEqual([status, status])
    }
  })

  test('stops when its key is deleted, and stays deleted', async () => {
    const key = newText()
    const { keyId } = await importOne({ key })
    expect((await verify(key)).code).toBe('VALID')
    const gone = await server.call({
      method: 'DELETE',
      path: `/keys/${keyId}`,
      key: company.users.admin.key,
    })
    expect(gone.status).toBe(204)
    expect((await verify(key)).code).toBe('INACTIVE')
    expect((await importOne({ key })).outcome).toBe('exists')
    expect((await importOne({ hash: sha256(key), format: 'sha256' })).outcome).toBe('exists')
    expect((await verify(key)).code).toBe('INACTIVE')
  })

  test.each([
    ['sha512', {}, (text: string) => createHash('sha512').update(text).digest('hex')],
    ['hmac-sha256', { pepper }, hmac],
    ['sha256:suffix-salt', { salt }, (text: string) => sha256(text + salt)],
    ['sha256:after-last-underscore', {}, (text: string) => sha256(text.slice(text.lastIndexOf('_') + 1))],
  ])('by %s is known again when it comes as it is, and stays deleted', async (format, beside, digest) => {
    const [kept, deleted] = [newText(), newText()]
    for (const text of [kept, deleted]) {
      const { keyId } = await importOne({ hash: digest(text), format }, beside)
      if (text === kept) continue
      const gone = { method: 'DELETE', path: `/keys/${keyId}`, key: company.users.admin.key } as const
      expect((await server.call(gone)).status).toBe(204)
    }
    const rows = await rowsOf({ keys: [{ key: kept }, { key: deleted }, { key: newText() }] })
    expect(rows.map(({ outcome }) => outcome)).toEqual(['exists', 'exists', 'created'])
    expect([(await verify(kept)).code, (await verify(deleted)).code]).toEqual(['VALID', 'INACTIVE'])
    const key = newText()
    const [first, second] = await rowsOf({ keys: [{ hash: digest(key), format }, { key }], ...beside })
    expect([first?.outcome, second?.outcome]).toEqual(['created', 'exists'])
  })

  test('is replaced by a rotation, and stays taken', async () => {
    const key = newText()
    const { keyId } = await importOne({ key })
    const rotated = await expectCreated(server, {
      path: `/keys/${keyId}/rotation`,
      key: company.users.admin.key,
      body: {},
    })
    expect((await verify(key)).secret).toBe('previous')
    expect((await verify(rotated.key)).secret).toBe('current')
    expect((await importOne({ key })).outcome).toBe('exists')
  })
})

describe('an imported key', () => {
  test('is what it was', async () => {
    const text = newText()
    const { keyId } = await importOne(
      {
        hash: sha256(text),
        externalUserId: 'customer-1',
        description: 'Nightly export',
        permissions: ['orders:read'],
        whitelistedIPs: ['10.0.0.0/8'],
        createdAt: '2024-02-01T00:00:00Z',
        metadata: { plan: 'pro' },
        prefix: 'shop_',
      },
      { format: 'sha256', source: 'unkey', createUsers: true },
    )
    expect(await read(keyId)).toMatchObject({
      key: 'shop_…',
      description: 'Nightly export',
      permissions: ['orders:read'],
      whitelistedIPs: ['10.0.0.0/8'],
      createdAt: '2024-02-01T00:00:00.000Z',
      metadata: { plan: 'pro' },
      status: 'active',
      imported: { source: 'unkey', at: new Date(clock.nowMs()).toISOString() },
    })
    const { userId } = await read(keyId)
    const user = await server.call({ path: `/users/${userId}`, key: company.users.admin.key })
    expect(user.body).toMatchObject({ externalId: 'customer-1', role: 'developer' })
    expect((await verify(text, { ip: '10.1.1.1' })).code).toBe('VALID')
    expect((await verify(text, { ip: '192.0.2.1' })).code).toBe('IP_NOT_ALLOWED')
  })

  test('has no permission of this service unless its row names it', async () => {
    const [silent, named] = [newText(), newText()]
    await importOne({ key: silent })
    await importOne({ key: named, permissions: ['keys:list'] })
    expect((await verify(silent, { permissions: ['orders:anything'] })).code).toBe('VALID')
    expect((await verify(silent, { permissions: ['keys:list'] })).code).toBe('INSUFFICIENT_PERMISSIONS')
    expect((await verify(named, { permissions: ['keys:list'] })).code).toBe('VALID')
    const me = await server.call({ path: '/keys', key: silent })
    expectProblem(me, 'missing_permission')
  })

  test('that has ended is imported, and has ended', async () => {
    const key = newText()
    const expiresAt = new Date(clock.nowMs() - HOUR_MS).toISOString()
    expect((await importOne({ key, expiresAt })).outcome).toBe('created')
    expect((await verify(key)).code).toBe('EXPIRED')
  })

  test('that was disabled is disabled', async () => {
    const key = newText()
    await importOne({ key, enabled: false })
    expect((await verify(key)).code).toBe('INACTIVE')
  })
})

describe('a text that was not imported', () => {
  test('costs no look-up unless it looks like one that was', async () => {
    const other = await startTestServer()
    try {
      const ask = (key: string) => other.call({ method: 'POST', path: '/verify', body: { key } })
      await ask('shop_abc')
      const { verifier } = other.services
      const garbage = [
        newText(),
        newText('other_'),
        'x',
        'y'.repeat(513),
        'nicht-äscii-00000000',
        newText('a b,'),
      ]
      const before = verifier.loads
      for (const text of garbage) expect((await ask(text)).body.code).toBe('NOT_FOUND')
      expect(verifier.loads).toBe(before)
      const key = newText()
      const { status } = await other.call({
        method: 'POST',
        path: '/keys/import',
        body: { user: other.admin.userId, keys: [{ key }] },
      })
      expect(status).toBe(200)
      // The import revoked its company: the caller's own key is read again.
      await ask('x')
      const { loads } = verifier
      for (const text of garbage.slice(1)) expect((await ask(text)).body.code).toBe('NOT_FOUND')
      expect(verifier.loads).toBe(loads)
      expect((await ask(newText())).body.code).toBe('NOT_FOUND')
      expect(verifier.loads).toBe(loads + 1)
      expect((await ask(key)).body.code).toBe('VALID')
    } finally {
      await other.dispose()
    }
  })

  test('is found by one question, however many formats it fits', async () => {
    const other = await startTestServer()
    try {
      const ask = (key: string) => other.call({ method: 'POST', path: '/verify', body: { key } })
      const importKeys = (keys: object[], beside: object = {}) =>
        other.call({
          method: 'POST',
          path: '/keys/import',
          body: { user: other.admin.userId, keys, ...beside },
        })
      const text = newText()
      const formats = ['sha256', 'sha256:after-last-underscore', 'sha256:after-first-pipe', 'sha512-256']
      const algorithms = ['sha256', 'sha256', 'sha256', 'sha512-256']
      for (const [index, format] of formats.entries()) {
        const hash = createHash(algorithms[index]!).update(newText('')).digest('hex')
        expect((await importKeys([{ hash, format }])).body.created).toBe(1)
      }
      for (let index = 0; index < 4; index++) {
        const hash = sha256(newText())
        const { body } = await importKeys([{ hash }], { format: 'hmac-sha256', pepper: `pepper ${index}` })
        expect(body.created).toBe(1)
      }
      const ninth = await importKeys([{ hash: sha256(newText()) }], {
        format: 'hmac-sha256',
        pepper: 'one more',
      })
      expect(ninth.body).toMatchObject({ created: 0, refused: 1 })
      expect(ninth.body.rows[0].reason).toContain('8 formats')
      expect((await importKeys([{ key: text }])).body.created).toBe(1)
      expect((await ask(text)).body.code).toBe('VALID')
      const { loads } = other.services.verifier
      expect((await ask(text)).body.code).toBe('VALID')
      expect((await ask(newText())).body.code).toBe('NOT_FOUND')
      expect(other.services.verifier.loads).toBe(loads)
    } finally {
      await other.dispose()
    }
  })
})

describe('while the store is silent', () => {
  const asks: readonly (readonly [string, (key: string) => Partial<TestRequest> & { path: string }])[] = [
    ['POST /verify', (key) => ({ method: 'POST', path: '/verify', body: { key } })],
    ['POST /verify/batch', (key) => ({ method: 'POST', path: '/verify/batch', body: { keys: [{ key }] } })],
    ['a credential', (key) => ({ path: '/me', key })],
  ]
  test.each([
    ['keys', 'keys'],
    ['what the imports declared', 'import_formats'],
  ])('on %s, a text of another system is a 503 and no verdict, and own keys go on', async (_, table) => {
    const other = await startTestServer()
    try {
      const [imported, similar] = [newText(), newText()]
      const body = { user: other.admin.userId, keys: [{ key: imported }] }
      expect((await other.call({ method: 'POST', path: '/keys/import', body })).status).toBe(200)
      expect((await other.call({ path: '/me' })).status).toBe(200)
      if (table === 'keys')
        await other.call({ method: 'POST', path: '/verify', body: { key: newText('no_') } })
      await other.tamper(`ALTER TABLE ${table} RENAME TO moved_elsewhere`)
      for (const key of [imported, similar]) {
        for (const [name, request] of asks) {
          const answer = await other.call(request(key))
          expect([name, answer.status, answer.body.code]).toEqual([name, 503, 'cannot_verify'])
        }
      }
      const own = await other.call({ method: 'POST', path: '/verify', body: { key: other.adminKey } })
      expect(own.body.code).toBe('VALID')
      const unlike = await other.call({ method: 'POST', path: '/verify', body: { key: newText('no_') } })
      expect(unlike.body.code).toBe(table === 'keys' ? 'NOT_FOUND' : 'cannot_verify')
    } finally {
      await other.dispose()
    }
  })
})

describe('an import', () => {
  test('answers each row for itself', async () => {
    const [key, other] = [newText(), newText()]
    const rows = await rowsOf({
      keys: [
        { key },
        { key },
        { hash: 'not a hash', format: 'sha256' },
        { hash: sha256(newText()) },
        { key: 'short' },
        { key: sha256('a digest given as a text') },
        { key: newText(), userId: 'usr_00000000000000000000000000' },
        { key: newText(), externalUserId: 'nobody-here' },
        { key: newText(), permissions: ['Not A Permission'] },
        { key: newText(), permissions: ['keys:verify'] },
        { key: newText(), expiresAt: 'tomorrow' },
        { key: newText(), whitelistedIPs: ['10.0.0.1/8/8'] },
        { hash: createHash('md5').update('x').digest('hex'), format: 'md5' },
        { hash: sha256('x'), format: 'hmac-sha256' },
        { key: other },
      ],
    })
    expect(rows.map(({ line, outcome }) => [line, outcome])).toEqual(
      rows.map((_, index) => [index + 1, index === 0 || index === 14 ? 'created' : 'refused']),
    )
    for (const { outcome, reason, keyId } of rows) {
      expect(reason === null).toBe(outcome === 'created')
      expect(keyId === null).toBe(outcome === 'refused')
    }
    expect((await verify(key)).code).toBe('VALID')
    expect((await verify(other)).code).toBe('VALID')
  })

  test('that is run twice creates nothing twice', async () => {
    const keys = [{ key: newText() }, { hash: sha256(newText()), format: 'sha256' }]
    expect((await rowsOf({ keys })).map(({ outcome }) => outcome)).toEqual(['created', 'created'])
    expect((await rowsOf({ keys })).map(({ outcome }) => outcome)).toEqual(['exists', 'exists'])
  })

  test('in a dry run says what a run says, and does nothing', async () => {
    const key = newText()
    const body = { keys: [{ key, externalUserId: 'dry-customer' }, { key: 'short' }], createUsers: true }
    const dry = await send({ ...body, dryRun: true })
    expect(dry.body).toMatchObject({ dryRun: true, created: 1, refused: 1 })
    expect((await verify(newText())).code).toBe('NOT_FOUND')
    const users = await server.call({
      path: '/users?externalId=dry-customer',
      key: company.users.admin.key,
    })
    expect(users.body.data).toEqual([])
    const real = await send(body)
    expect(real.body.rows.map(({ keyId: _, ...row }: Parsed) => row)).toEqual(
      dry.body.rows.map(({ keyId: _, ...row }: Parsed) => row),
    )
  })

  test.each(['owner', 'admin', 'developer', 'viewer'] as const)(
    'is for the operator alone: a company’s own %s has no such permission, and can give none',
    async (role) => {
      const { id, key } = company.users[role]
      const answer = await send({ keys: [{ key: newText() }] }, { key, headers: {} })
      expectProblem(answer, 'missing_permission')
      expect(answer.body.detail).toContain('keys:import')
      const me = await server.call({ path: '/me', key })
      expect(me.body.permissions).not.toContain('keys:*')
      expect(me.body.permissions).not.toContain('keys:import')
      const given = await server.call({
        method: 'POST',
        path: '/keys',
        headers: { 'x-company-id': company.id },
        body: { userId: id, permissions: ['keys:import'] },
      })
      expectProblem(given, 'invalid_field')
    },
  )

  test.each([
    ['owner', 200],
    ['admin', 200],
    ['developer', 403],
  ] as const)('by the operator’s own %s is answered %i', async (role, status) => {
    const user = await expectCreated(server, { path: '/users', body: { name: role, role } })
    const { key } = await expectCreated(server, { path: '/keys', body: { userId: user.id } })
    const body = { user: user.id, keys: [{ key: newText() }] }
    const answer = await send(body, { key, headers: {} })
    expect(answer.status).toBe(status)
  })

  test('is no part of what a company’s keys:* means', async () => {
    const narrowed = (permissions: string[], key: string) =>
      server.call({ method: 'POST', path: '/auth/token/short-lived', key, body: { permissions } })
    const given = await narrowed(['keys:*'], company.users.admin.key)
    expect(given.status, given.text).toBe(200)
    expectProblem(await narrowed(['keys:import'], company.users.admin.key), 'permission_escalation')
    expectProblem(await narrowed(['keys:*'], company.users.developer.key), 'permission_escalation')
    expect((await narrowed(['keys:*', 'keys:import'], server.adminKey)).status).toBe(200)
  })

  test('is in the audit log, with its counts', async () => {
    const { keyId } = await importOne({ key: newText() }, { source: 'kong' })
    const audit = await server.call({
      path: `/audit?objectId=${company.id}&limit=100`,
      key: company.users.admin.key,
    })
    const event = audit.body.data.find(
      ({ action, changes }: Parsed) => action === 'keys.imported' && changes.firstKeyId?.[1] === keyId,
    )
    expect(event.changes).toMatchObject({ source: [null, 'kong'], created: [null, 1] })
  })

  test('counts its keys', async () => {
    const before = await server.call({ path: '/keys?limit=1', key: company.users.admin.key })
    await rowsOf({ keys: [{ key: newText() }, { key: newText() }] })
    const after = await server.call({ path: '/keys?limit=1', key: company.users.admin.key })
    expect(after.body.total).toBe(before.body.total + 2)
  })
})
