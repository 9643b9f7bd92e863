/** Tokens of issuers that are not ours: what counts, for whom, and what the issuer itself can do wrong. */
import { createHmac, createPublicKey, type JsonWebKey, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock } from '../fake-clock.ts'
import { expectCreated, type Parsed, startTestServer, type TestService } from '../harness.ts'
import { ASKED_ISSUER } from './forged-token.ts'
import { bearer, shortLivedToken } from './issued-token.ts'
import { createIssuerKey, type IssuerKey, type RemoteIssuer, startRemoteIssuer } from './remote-issuer.ts'

const ISSUER = 'https://login.example.com/'
const OTHER_ISSUER = 'https://other.example.com/'
const AUDIENCE = 'https://keys.example.com'
const clock = createFakeClock()
const nowSeconds = () => Math.floor(clock.nowMs() / 1_000)

let directory: string
let remote: RemoteIssuer
let otherRemote: RemoteIssuer
let key: IssuerKey
let otherKey: IssuerKey
let server: TestService
let company: Parsed
let user: Parsed

/** An entry of the issuers file that trusts `from`. */
function entry(issuer: string, from: RemoteIssuer, fields: object = {}): object {
  const caFile = join(directory, `${new URL(from.url).port}.pem`)
  writeFileSync(caFile, from.ca)
  return {
    issuer,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    jwksUrl: from.url,
    companies: ['org-1'],
    company: { claim: 'org', by: 'externalId' },
    user: { claim: 'sub', by: 'externalId' },
    caFile,
    ...fields,
  }
}

const listIn = (file: string, entries: readonly object[]) => writeFileSync(file, JSON.stringify(entries))

let files = 0
async function startWith(
  entries: readonly object[],
  file = join(directory, `issuers-${++files}.json`),
): Promise<TestService> {
  listIn(file, entries)
  return startTestServer(
    { LATCHKEY_ISSUERS_FILE: file, LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' },
    { clock },
  )
}

/** A service of its own that trusts `remote`, and claims for a user of its one tenant. */
async function startAlone(fields: object = {}) {
  const fresh = await startWith([entry(ISSUER, remote, { ...byId, companies: ['*'], ...fields })])
  const { id: org_id } = await expectCreated(fresh, { path: '/companies', body: { name: 'Own' } })
  const { id: user_id } = await expectCreated(fresh, {
    path: '/users',
    headers: { 'x-company-id': org_id },
    body: { name: 'Eve', role: 'admin' },
  })
  return { fresh, own: (changes: Claims = {}) => claims({ org_id, user_id, ...changes }) }
}

const byId = { company: { claim: 'org_id', by: 'id' }, user: { claim: 'user_id', by: 'id' } }

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-issuers-'))
  ;[remote, otherRemote] = [await startRemoteIssuer(), await startRemoteIssuer()]
  // Both call their key the same: a key id says nothing about whose it is.
  ;[key, otherKey] = [createIssuerKey('one'), createIssuerKey('one')]
  remote.publish([key.jwk])
  otherRemote.publish([otherKey.jwk])
  server = await startWith([entry(ISSUER, remote), entry(OTHER_ISSUER, otherRemote, byId)])
  company = await expectCreated(server, { path: '/companies', body: { name: 'Acme', externalId: 'org-1' } })
  user = await expectCreated(server, {
    path: '/users',
    headers: { 'x-company-id': company.id },
    body: { name: 'Ada', role: 'developer', externalId: 'auth|ada' },
  })
})
afterEach(() => remote.publish([key.jwk]))
afterAll(async () => {
  await server.dispose()
  await remote.close()
  await otherRemote.close()
  rmSync(directory, { recursive: true })
})

const present = (token: string, at: TestService = server, path = '/me') =>
  at.call({ path, key: null, headers: bearer(token) })

type Claims = Readonly<Record<string, unknown>>
const claims = (changes: Claims = {}): Claims => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'auth|ada',
  org: 'org-1',
  iat: nowSeconds(),
  exp: nowSeconds() + 600,
  ...changes,
})
const otherClaims = (changes: Claims = {}): Claims =>
  claims({ iss: OTHER_ISSUER, org_id: company.id, user_id: user.id, ...changes })

const expectRefused = async (token: string, at?: TestService) =>
  expectProblem(await present(token, at), 'invalid_credentials')

describe('a token counts for the user it names', () => {
  test('by the ids of the host application', async () => {
    expect((await present(await key.sign(claims()))).body).toMatchObject({
      credential: { type: 'user', id: user.id },
      userId: user.id,
      companyId: company.id,
      role: 'developer',
    })
  })

  test('by our own ids', async () => {
    expect((await present(await otherKey.sign(otherClaims()))).body.userId).toBe(user.id)
  })

  test('with the permissions of that user, and no more', async () => {
    const token = await key.sign(claims())
    expect((await present(token, server, '/keys')).status).toBe(200)
    expectProblem(await present(token, server, '/users'), 'missing_permission')
  })

  test.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt', undefined])('of type %s', async (typ) => {
    const header = typ === undefined ? { typ: undefined } : { typ }
    expect((await present(await key.sign(claims(), header as { typ: string }))).status).toBe(200)
  })

  test.each(['{ "', '{\n  "', '{\t"', '{\r\n"'])('whose header begins with %j', async (start) => {
    const spaced = (value: object) =>
      Buffer.from(JSON.stringify(value).replace('{"', start)).toString('base64url')
    const input = `${spaced({ typ: 'JWT', alg: 'ES256', kid: 'one' })}.${spaced(claims())}`
    const signature = sign('sha256', Buffer.from(input), {
      key: key.privateKey,
      dsaEncoding: 'ieee-p1363',
    })
    const token = `${input}.${signature.toString('base64url')}`
    expect((await present(token)).body).toMatchObject({ userId: user.id })
    const asked = { method: 'POST', body: { key: token } } as const
    expect((await server.call({ ...asked, path: '/verify' })).body.code).toBe('VALID')
    // A verifier in another process leaves it to the service.
    expect((await server.call({ ...asked, path: '/verify/record' })).body.askServer).toBe(true)
  })

  test('without a key id, when the issuer has one key', async () => {
    const token = await key.sign(claims(), { kid: undefined } as unknown as { kid: string })
    expect((await present(token)).status).toBe(200)
  })

  test('and makes tokens that are no wider and live no longer', async () => {
    const token = await key.sign(claims({ exp: nowSeconds() + 60 }))
    const made = await shortLivedToken(server, token, ['keys:list'])
    expect((await present(made)).body).toMatchObject({ userId: user.id, permissions: ['keys:list'] })
    // Both count for the five seconds that clocks may differ, and no longer.
    clock.move(65_000)
    expectProblem(await present(token), 'token_expired')
    expectProblem(await present(made), 'token_expired')
  })
})

describe('nothing of one issuer counts for another', () => {
  test('its key', async () => {
    await expectRefused(await otherKey.sign(claims()))
    await expectRefused(await key.sign(otherClaims()))
  })

  test('its way to name users', async () => {
    await expectRefused(await key.sign(claims({ sub: user.id, org: company.id })))
    await expectRefused(await otherKey.sign(otherClaims({ org_id: 'org-1', user_id: 'auth|ada' })))
  })

  test('our own name, under its key', async () => {
    const iss = ASKED_ISSUER
    await expectRefused(await key.sign(claims({ iss, aud: iss }), { typ: 'at+jwt' }))
  })

  test('an algorithm that is not listed for it, and no request is made for it', async () => {
    const rsa = createIssuerKey('rsa', 'RS256')
    const { fresh, own } = await startAlone()
    remote.publish([key.jwk, rsa.jwk])
    const before = remote.fetches()
    await expectRefused(await rsa.sign(own()), fresh)
    const published = createPublicKey({ key: key.jwk as JsonWebKey, format: 'jwk' })
    const pem = published.export({ format: 'pem', type: 'spki' })
    for (const alg of ['HS256', 'none']) {
      const header = Buffer.from(JSON.stringify({ alg, kid: 'one' })).toString('base64url')
      const input = `${header}.${Buffer.from(JSON.stringify(own())).toString('base64url')}`
      const mac = createHmac('sha256', pem).update(input).digest('base64url')
      await expectRefused(`${input}.${mac}`, fresh)
    }
    expect(remote.fetches()).toBe(before)
    expect((await present(await key.sign(own()), fresh)).status).toBe(200)
    await fresh.dispose()
  })

  test('a key published for another algorithm than the token’s, or of another kind', async () => {
    const { fresh, own } = await startAlone({ algorithms: ['ES256', 'RS256'] })
    const rsa = createIssuerKey('rsa', 'RS256')
    const { alg: _, ...free } = key.jwk
    remote.publish([
      { ...key.jwk, alg: 'RS256' },
      { ...rsa.jwk, alg: 'ES256' },
      { ...free, kid: 'free' },
    ])
    await expectRefused(await key.sign(own()), fresh)
    await expectRefused(await rsa.sign(own()), fresh)
    await expectRefused(await rsa.sign(own(), { kid: 'free' }), fresh)
    expect((await present(await key.sign(own(), { kid: 'free' }), fresh)).status).toBe(200)
    await fresh.dispose()
  })

  test('a key published for encryption', async () => {
    const { fresh, own } = await startAlone()
    remote.publish([{ ...key.jwk, use: 'enc' }])
    await expectRefused(await key.sign(own()), fresh)
    await fresh.dispose()
  })
})

describe('refused', () => {
  test.each<readonly [string, () => Claims]>([
    ['another audience', () => ({ aud: 'https://api.example.com' })],
    ['no audience', () => ({ aud: undefined })],
    ['an issuer that nobody listed', () => ({ iss: 'https://evil.example.com/' })],
    ['the issuer without its slash', () => ({ iss: ISSUER.slice(0, -1) })],
    ['no exp', () => ({ exp: undefined })],
    ['no iat', () => ({ iat: undefined })],
    ['issued in the future', () => ({ iat: nowSeconds() + 6 })],
    ['not valid yet', () => ({ nbf: nowSeconds() + 6 })],
    ['a life longer than allowed', () => ({ exp: nowSeconds() + 3_601 })],
    ['an endless life', () => ({ exp: Number.MAX_SAFE_INTEGER })],
    ['an unknown company', () => ({ org: 'org-2' })],
    ['an unknown user', () => ({ sub: 'auth|bob' })],
    ['a user of another company', () => ({ org: server.admin.companyId })],
    ['no company', () => ({ org: undefined })],
    ['a company that is no text', () => ({ org: ['org-1'] })],
    ['no user', () => ({ sub: undefined })],
    ['an empty user', () => ({ sub: '' })],
    ['SQL for a user', () => ({ sub: "' OR ''='" })],
    ['a pattern for a user', () => ({ sub: 'auth|%' })],
  ])('%s', async (_, changes) => {
    expect((await present(await key.sign(claims()))).status).toBe(200)
    await expectRefused(await key.sign(claims(changes())))
  })

  test.each(['logout+jwt', 'secevent+jwt', 'dpop+jwt', 7])('the type %s', async (typ) => {
    await expectRefused(await key.sign(claims(), { typ: typ as string }))
  })

  test.each([7, ['one'], null])('the key id %j, which is no text', async (kid) => {
    await expectRefused(await key.sign(claims(), { kid: kid as unknown as string }))
  })

  test('one that ran out, as such; five seconds later than it says, since clocks differ', async () => {
    const token = await key.sign(claims({ exp: nowSeconds() + 10 }))
    clock.move(14_000)
    expect((await present(token)).status).toBe(200)
    clock.move(1_000)
    expectProblem(await present(token), 'token_expired')
  })

  test('one that lives as long as its entry of the file allows is accepted, a second more is not', async () => {
    const { fresh, own } = await startAlone({ maxLifetimeSeconds: 120 })
    const lasting = (seconds: number) => key.sign(own({ exp: nowSeconds() + seconds }))
    expect((await present(await lasting(120), fresh)).status).toBe(200)
    await expectRefused(await lasting(121), fresh)
    await fresh.dispose()
  })
})

describe('the live state decides, as for every credential', () => {
  const headers = () => ({ 'x-company-id': company.id })
  const patch = (path: string, body: object, more: Readonly<Record<string, string>> = {}) =>
    server.call({ method: 'PATCH', path, headers: more, body })

  test('a deactivated user, and again an active one', async () => {
    const token = await key.sign(claims())
    expect((await present(token)).status).toBe(200)
    await patch(`/users/${user.id}`, { status: 'inactive' }, headers())
    expectProblem(await present(token), 'user_inactive')
    await patch(`/users/${user.id}`, { status: 'active' }, headers())
    expect((await present(token)).status).toBe(200)
  })

  test('a deactivated company', async () => {
    const token = await key.sign(claims())
    expect((await present(token)).status).toBe(200)
    await patch(`/companies/${company.id}`, { status: 'inactive' })
    expectProblem(await present(token), 'company_inactive')
    await patch(`/companies/${company.id}`, { status: 'active' })
    expect((await present(token)).status).toBe(200)
  })

  test('an external id that moved to another user', async () => {
    const token = await key.sign(claims())
    expect((await present(token)).body.userId).toBe(user.id)
    await patch(`/users/${user.id}`, { externalId: null }, headers())
    await expectRefused(token)
    const body = { name: 'Bob', role: 'viewer', externalId: 'auth|ada' }
    const bob = await expectCreated(server, { path: '/users', headers: headers(), body })
    expect((await present(token)).body.userId).toBe(bob.id)
    await patch(`/users/${bob.id}`, { externalId: null }, headers())
    await patch(`/users/${user.id}`, { externalId: 'auth|ada' }, headers())
  })
})

describe('a token that was made of it dies with it', () => {
  const made = async () => shortLivedToken(server, await key.sign(claims()), ['keys:list'])
  const patch = async (path: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
    expect((await server.call({ method: 'PATCH', path, headers, body })).status).toBe(200)
  const ofUser = (id: string, externalId: string | null) =>
    patch(`/users/${id}`, { externalId }, { 'x-company-id': company.id })

  test('when the user is unlinked, and counts again when they are linked again', async () => {
    const token = await made()
    await ofUser(user.id, null)
    await expectRefused(token)
    await ofUser(user.id, 'auth|ada')
    expect((await present(token)).body.userId).toBe(user.id)
  })

  test('when its external id is another user’s: it counts for neither', async () => {
    const token = await made()
    await ofUser(user.id, null)
    const body = { name: 'Bob', role: 'developer', externalId: 'auth|ada' }
    const bob = await expectCreated(server, { path: '/users', headers: { 'x-company-id': company.id }, body })
    await expectRefused(token)
    await ofUser(bob.id, null)
    await ofUser(user.id, 'auth|ada')
  })

  test('when the company is unlinked', async () => {
    const token = await made()
    await patch(`/companies/${company.id}`, { externalId: null })
    await expectRefused(token)
    await patch(`/companies/${company.id}`, { externalId: 'org-1' })
    expect((await present(token)).status).toBe(200)
  })

  test('and so does a token that was made of that one', async () => {
    const token = await shortLivedToken(server, await made(), ['keys:list'])
    expect((await present(token)).status).toBe(200)
    await ofUser(user.id, null)
    await expectRefused(token)
    await ofUser(user.id, 'auth|ada')
  })

  test('when its issuer speaks for the company no more, or is not listed at all', async () => {
    const file = join(directory, 'issuers-fewer.json')
    const fresh = await startWith([entry(ISSUER, remote, { ...byId, companies: ['*'] })], file)
    const { id: org_id } = await expectCreated(fresh, { path: '/companies', body: { name: 'Own' } })
    const headers = { 'x-company-id': org_id }
    const body = { name: 'Eve', role: 'admin' }
    const { id: user_id } = await expectCreated(fresh, { path: '/users', headers, body })
    const token = await shortLivedToken(fresh, await key.sign(claims({ org_id, user_id })), ['keys:list'])

    const statusWith = async (entries: readonly object[]) => {
      listIn(file, entries)
      const restarted = await fresh.join()
      const { status } = await restarted.call({ path: '/me', key: null, headers: bearer(token) })
      await restarted.dispose()
      return status
    }
    expect(await statusWith([entry(ISSUER, remote, { ...byId, companies: ['*'] })])).toBe(200)
    expect(await statusWith([entry(ISSUER, remote, { ...byId, companies: ['org-9'] })])).toBe(401)
    expect(await statusWith([entry(OTHER_ISSUER, otherRemote, { ...byId, companies: ['*'] })])).toBe(401)
    await fresh.dispose()
  })
})

test('while the issuer is silent the answer is 503 with Retry-After, never a yes', async () => {
  const { fresh, own } = await startAlone()
  remote.answerWith((response) => response.writeHead(500).end())
  const answer = await present(await key.sign(own()), fresh)
  expectProblem(answer, 'cannot_verify')
  expect(answer.headers['retry-after']).toBe('30')
  remote.answerWith(undefined)
  await fresh.dispose()
})
