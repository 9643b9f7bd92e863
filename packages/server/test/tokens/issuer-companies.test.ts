/** An outside issuer speaks for the companies that its entry of the issuers file lists, and for no other. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock } from '../fake-clock.ts'
import { expectCreated, type Parsed, startTestServer, type TestService } from '../harness.ts'
import { accessToken, bearer, shortLivedToken } from './issued-token.ts'
import { createIssuerKey, type RemoteIssuer, startRemoteIssuer } from './remote-issuer.ts'

const AUDIENCE = 'https://keys.example.com'
const clock = createFakeClock()
const key = createIssuerKey('one')

let directory: string
let remote: RemoteIssuer
let server: TestService
/** By what the company is called here. */
const people: Record<string, { readonly companyId: string; readonly userId: string }> = {}

/** One issuer for each way to name companies; each looks both up by external id, or by our own with `/id` at its end. */
const ISSUERS: Readonly<Record<string, object>> = {
  'https://acme.example.com': { companies: ['acme'] },
  'https://acme.example.com/id': { companies: ['acme'] },
  'https://both.example.com': { companies: ['acme', 'globex'] },
  'https://all.example.com': { companies: ['*'] },
  'https://all.example.com/id': { companies: ['*'] },
  'https://operator.example.com/id': { companies: ['*', 'the-operator'] },
  'https://only.example.com': { companies: ['acme'], company: undefined },
  'https://client.example.com': { companies: ['acme'], audienceClaim: 'client_id', company: undefined },
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-issuers-'))
  remote = await startRemoteIssuer()
  remote.publish([key.jwk])
  const caFile = join(directory, 'ca.pem')
  writeFileSync(caFile, remote.ca)
  const entries = Object.entries(ISSUERS).map(([issuer, fields]) => {
    const by = issuer.endsWith('/id') ? 'id' : 'externalId'
    return {
      issuer,
      audience: AUDIENCE,
      algorithms: ['ES256'],
      jwksUrl: remote.url,
      caFile,
      company: { claim: 'org', by },
      user: { claim: 'sub', by },
      ...fields,
    }
  })
  const file = join(directory, 'issuers.json')
  writeFileSync(file, JSON.stringify(entries))
  server = await startTestServer(
    { LATCHKEY_ISSUERS_FILE: file, LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' },
    { clock },
  )
  for (const externalId of ['acme', 'globex']) {
    const company = await expectCreated(server, {
      path: '/companies',
      body: { name: externalId, externalId },
    })
    const user = await expectCreated(server, {
      path: '/users',
      headers: { 'x-company-id': company.id },
      body: { name: 'Owner', role: 'owner', externalId: 'boss' },
    })
    people[externalId] = { companyId: company.id, userId: user.id }
  }
  const { companyId, userId } = server.admin
  people['the-operator'] = { companyId, userId }
  await server.call({
    method: 'PATCH',
    path: `/companies/${companyId}`,
    body: { externalId: 'the-operator' },
  })
  await server.call({ method: 'PATCH', path: `/users/${userId}`, body: { externalId: 'boss' } })
})
afterAll(async () => {
  await server.dispose()
  await remote.close()
  rmSync(directory, { recursive: true })
})

type Claims = Readonly<Record<string, unknown>>
const present = async (iss: string, claims: Claims) => {
  const iat = Math.floor(clock.nowMs() / 1_000)
  const token = await key.sign({ iss, aud: AUDIENCE, iat, exp: iat + 600, ...claims })
  return server.call({ path: '/me', key: null, headers: bearer(token) })
}
/** What a token of `iss` says of the owner of `whose` company. */
const namesOf = (iss: string, whose: string): Claims => {
  const { companyId, userId } = people[whose]!
  return iss.endsWith('/id') ? { org: companyId, sub: userId } : { org: whose, sub: 'boss' }
}

describe('a token counts', () => {
  test.each<readonly [string, string]>([
    ['https://acme.example.com', 'acme'],
    ['https://acme.example.com/id', 'acme'],
    ['https://both.example.com', 'acme'],
    ['https://both.example.com', 'globex'],
    ['https://all.example.com', 'acme'],
    ['https://all.example.com', 'globex'],
    ['https://all.example.com/id', 'globex'],
    ['https://operator.example.com/id', 'globex'],
    ['https://operator.example.com/id', 'the-operator'],
  ])('of %s for %s', async (iss, whose) => {
    expect((await present(iss, namesOf(iss, whose))).body.userId).toBe(people[whose]?.userId)
  })
})

describe('a token is as wrong as none', () => {
  test.each<readonly [string, string]>([
    ['https://acme.example.com', 'globex'],
    ['https://acme.example.com/id', 'globex'],
    ['https://acme.example.com', 'the-operator'],
    ['https://acme.example.com/id', 'the-operator'],
    ['https://both.example.com', 'the-operator'],
    ['https://all.example.com', 'the-operator'],
    ['https://all.example.com/id', 'the-operator'],
  ])('of %s for %s', async (iss, whose) => {
    expectProblem(await present(iss, namesOf(iss, whose)), 'invalid_credentials')
  })

  test.each<readonly [string, Claims]>([
    ['* as a company', { org: '*', sub: 'boss' }],
    ['a list of companies', { org: ['acme'], sub: 'boss' }],
    ['the other’s user in its own company', { org: 'acme', sub: 'boss-of-globex' }],
  ])('for %s', async (_, claims) => {
    expectProblem(await present('https://acme.example.com', claims), 'invalid_credentials')
  })

  test('of one company for the other’s user, by id', async () => {
    const claims = { org: people.acme?.companyId, sub: people.globex?.userId }
    expectProblem(await present('https://acme.example.com/id', claims), 'invalid_credentials')
  })
})

test('who moves another company under the listed external id moves the binding with it, and nobody else can', async () => {
  const rename = (whose: string, externalId: string) =>
    server.call({ method: 'PATCH', path: `/companies/${people[whose]!.companyId}`, body: { externalId } })
  await rename('acme', 'acme-old')
  const byId = namesOf('https://acme.example.com/id', 'acme')
  expectProblem(await present('https://acme.example.com/id', byId), 'invalid_credentials')
  await rename('acme', 'acme')
  expect((await present('https://acme.example.com/id', byId)).status).toBe(200)
})

describe('who puts a company under the external id that an issuer’s entry lists', () => {
  const acmes = 'https://acme.example.com/id'
  const patch = (whose: string, headers: Readonly<Record<string, string>>, body: object) =>
    server.call({
      method: 'PATCH',
      path: `/companies/${people[whose]!.companyId}`,
      key: null,
      headers,
      body,
    })
  const byAdmin = () => ({ 'x-api-key': server.adminKey })
  /** A key of the operator's owner. */
  const made = (fields: object): Promise<Parsed> =>
    expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, ...fields } })
  const keyWith = async (fields: object) => ({ 'x-api-key': (await made(fields)).key as string })
  const narrow = () => keyWith({ permissions: ['companies:*', 'users:*', 'keys:*'] })
  const QUOTA = { limit: 50, period: 'day' }
  /** With which all that their owner may do can be done, but not from everywhere, for ever, or as often as one likes. */
  const bound: readonly (readonly [string, () => Promise<Readonly<Record<string, string>>>])[] = [
    ['a restricted key', () => keyWith({ whitelistedIPs: ['127.0.0.1'] })],
    ['a key that ends', () => keyWith({ expiresAt: new Date(clock.nowMs() + 3_600_000).toISOString() })],
    ['a key with a quota', () => keyWith({ quota: QUOTA })],
    [
      'a token of a restricted key',
      async () => bearer(await accessToken(server, await made({ whitelistedIPs: ['127.0.0.1'] }))),
    ],
  ]

  beforeEach(async () => {
    for (const [whose, externalId] of [
      ['acme', null],
      ['the-operator', 'the-operator'],
      ['globex', 'globex'],
    ] as const) {
      expect((await patch(whose, byAdmin(), { externalId })).status).toBe(200)
    }
  })
  afterAll(async () => {
    await patch('the-operator', byAdmin(), { externalId: 'the-operator' })
    await patch('globex', byAdmin(), { externalId: 'globex' })
    await patch('acme', byAdmin(), { externalId: 'acme' })
  })
  const speaksFor = async (whose: string) => (await present(acmes, namesOf(acmes, whose))).status === 200

  test.each([['a narrow key', narrow], ...bound] as const)(
    '%s does not do it with the operator’s',
    async (_who, credential) => {
      const answer = await patch('the-operator', await credential(), { externalId: 'acme' })
      expectProblem(answer, 'permission_escalation')
      expect(await speaksFor('the-operator')).toBe(false)
    },
  )

  test('nor does a narrow key with a customer’s, or with one that nobody is in yet', async () => {
    expectProblem(await patch('globex', await narrow(), { externalId: 'acme' }), 'permission_escalation')
    expect(await speaksFor('globex')).toBe(false)
    const { id } = await expectCreated(server, { path: '/companies', body: { name: 'Empty' } })
    people.empty = { companyId: id, userId: '' }
    expectProblem(await patch('empty', await narrow(), { externalId: 'acme' }), 'permission_escalation')
  })

  test.each(bound)('%s does it with a customer’s, whose owner it could make a free key', async (_who, by) => {
    expect((await patch('globex', await by(), { externalId: 'acme' })).status).toBe(200)
    expect(await speaksFor('globex')).toBe(true)
  })

  test.each(['the-operator', 'globex'])('a key without bounds does it with %s', async (whose) => {
    expect((await patch(whose, await keyWith({}), { externalId: 'acme' })).status).toBe(200)
    expect(await speaksFor(whose)).toBe(true)
  })

  test.each<readonly [string, () => Promise<Readonly<Record<string, string>>>, string, object]>([
    ['names the operator’s', narrow, 'the-operator', { name: 'Operator' }],
    ['repeats its external id', narrow, 'the-operator', { name: 'Operator', externalId: 'the-operator' }],
    ['takes a customer’s away', narrow, 'globex', { externalId: null }],
    ['stops a customer', narrow, 'globex', { status: 'inactive' }],
    ['lets it in again', narrow, 'globex', { status: 'active' }],
    ['takes the operator’s away', bound[0]![1], 'the-operator', { externalId: null }],
  ])('a narrow or bound key %s', async (_what, credential, whose, body) => {
    expect((await patch(whose, await credential(), body)).status).toBe(200)
  })

  test('a key that may only make companies makes one with an external id', async () => {
    const { 'x-api-key': key } = await keyWith({ permissions: ['companies:create'] })
    const body = { name: 'New', externalId: 'new' }
    expect((await expectCreated(server, { path: '/companies', key, body })).externalId).toBe('new')
  })
})

test('what is made from a refused token does not exist, and what is made from a good one stays in its company', async () => {
  const iat = Math.floor(clock.nowMs() / 1_000)
  const iss = 'https://acme.example.com'
  const token = await key.sign({ iss, aud: AUDIENCE, iat, exp: iat + 600, ...namesOf(iss, 'acme') })
  const made = await shortLivedToken(server, token, ['users:list'])
  const answer = await server.call({
    path: '/users',
    key: null,
    headers: { ...bearer(made), 'x-company-id': people.globex!.companyId },
  })
  expectProblem(answer, 'missing_permission')
})

describe('an issuer of one company whose tokens name none', () => {
  test('speaks for the owner of that company', async () => {
    const answer = await present('https://only.example.com', { sub: 'boss' })
    expect(answer.body.userId).toBe(people.acme?.userId)
  })

  test('whatever else the token says', async () => {
    const answer = await present('https://only.example.com', { sub: 'boss', org: 'globex' })
    expect(answer.body.userId).toBe(people.acme?.userId)
  })
})

describe('the audience is the claim that the file says', () => {
  const client = (claims: Claims) =>
    present('https://client.example.com', { sub: 'boss', aud: undefined, ...claims })

  test('client_id names it, without aud', async () => {
    expect((await client({ client_id: AUDIENCE })).status).toBe(200)
    expect((await client({ client_id: [AUDIENCE, 'other'] })).status).toBe(200)
  })

  test.each<readonly [string, Claims]>([
    ['another client', { client_id: 'https://other.example.com' }],
    ['no client', {}],
    ['the audience where it is not looked for', { aud: AUDIENCE }],
    ['a client that only begins with it', { client_id: `${AUDIENCE}.evil.example` }],
    ['a client in an object', { client_id: { [AUDIENCE]: true } }],
    ['null', { client_id: null }],
  ])('%s is refused', async (_, claims) => {
    expectProblem(await client(claims), 'invalid_credentials')
  })

  test('an expired token of another client is not told that it is genuine', async () => {
    const iat = Math.floor(clock.nowMs() / 1_000) - 3_600
    const times = { iat, exp: iat + 60 }
    expectProblem(await client({ client_id: 'other', ...times }), 'invalid_credentials')
    expectProblem(await client({ client_id: AUDIENCE, ...times }), 'token_expired')
  })
})

describe('the log says why a token is refused', () => {
  const lines = () =>
    server.logged.map((line) => JSON.parse(line)).filter(({ event }) => event === 'outside_token_refused')
  beforeEach(() => {
    clock.move(60_000)
    server.logged.length = 0
  })

  const iss = 'https://acme.example.com'
  test.each<readonly [string, string, Claims, string]>([
    ['another audience', iss, { aud: 'https://secret-other' }, `aud does not name the audience ${AUDIENCE}`],
    ['an unlisted company', iss, { org: 'globex' }, 'companies does not list cmp_'],
    ['an unknown company', iss, { org: 'secret-org' }, 'no company has the id that the token names'],
    ['an unknown user', iss, { sub: 'secret-user' }, 'no user of cmp_'],
    ['no user', iss, { sub: undefined }, 'sub, the user, is no text'],
    ['no exp', iss, { exp: undefined }, 'exp: missing'],
    ['an exp that is over', iss, { iat: 1, exp: 2 }, 'exp is over'],
    ['too long a life', iss, { exp: 4_000_000_000 }, 'exp is more than maxLifetimeSeconds (3600) after iat'],
    [
      'a slash too many',
      `${iss}/`,
      {},
      `iss differs from ${iss} of the issuers file by the slash at its end`,
    ],
    ['an unknown issuer', 'https://secret.example.com', {}, 'iss is not an issuer of the issuers file'],
    ['no issuer', undefined as unknown as string, {}, 'iss is missing'],
  ])('%s', async (_, issuer, claims, reason) => {
    const answer = await present(issuer, { org: 'acme', sub: 'boss', ...claims })
    expect(answer.status).toBe(401)
    const [line, ...more] = lines()
    expect(more).toEqual([])
    expect(line).toMatchObject({ level: 'warn', issuer: issuer === iss ? iss : null })
    expect(line.reason).toContain(reason)
    expect(JSON.stringify(line)).not.toContain('secret')
  })

  test('another key, an unknown key, another algorithm', async () => {
    const iat = Math.floor(clock.nowMs() / 1_000)
    const claims = { iss, aud: AUDIENCE, iat, exp: iat + 600, org: 'acme', sub: 'boss' }
    for (const by of [createIssuerKey('one'), createIssuerKey('two'), createIssuerKey('one', 'EdDSA')]) {
      await server.call({ path: '/me', key: null, headers: bearer(await by.sign(claims)) })
    }
    expect(lines().map(({ reason }) => reason)).toEqual([
      'the signature is not by the key that kid names',
      'kid names no key of the key set that fits its algorithm',
      'alg is none of ES256',
    ])
  })

  test('once a minute, with how often it happened since', async () => {
    for (let times = 0; times < 5; times += 1) await present(iss, { org: 'globex', sub: 'boss' })
    expect(lines().map(({ times }) => times)).toEqual([1])
    clock.move(60_000)
    await present(iss, { org: 'globex', sub: 'boss' })
    expect(lines().map(({ times }) => times)).toEqual([1, 5])
  })

  test('not of a good token, nor of what is no token', async () => {
    await present(iss, namesOf(iss, 'acme'))
    await server.call({ path: '/me', key: null, headers: bearer('a.b.c') })
    expect(lines()).toEqual([])
  })
})
