/** Of which tokens the signature, the claims and the times are ours: what the service made itself counts, as it was made. */
import { generateKeyPairSync } from 'node:crypto'
import { Agent } from 'node:https'
import type { CompanyId, KeyId, UserId } from '@latchkey/core/ids'
import { compileAuthority } from '@latchkey/core/permission'
import { SignJWT } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { ACCESS_TOKEN_MS, issueToken, SESSION_TOKEN_MS, type TokenGrant } from './access-token.ts'
import { createOutsideIssuers } from './outside-issuers.ts'
import { createSigningKey } from './signing-key.ts'
import { createTokenVerifier } from './verify-token.ts'

const signingKey = createSigningKey(Buffer.alloc(32, 7))
const ISSUER = 'https://keys.example.com'
const KEY = 'key_01jcn8v4g0e5wtnr5m0hq2x3yz' as KeyId
const USER = 'usr_01jcn8v4g1e5wtnr5m0hq2x3yz' as UserId
const COMPANY = 'cmp_01jcn8v4g2e5wtnr5m0hq2x3yz' as CompanyId
const NOW_SECONDS = 1_763_631_000

let nowMs: number
beforeEach(() => {
  nowMs = NOW_SECONDS * 1_000
})

function createVerifier(issuer: string | null = null) {
  const now = () => nowMs
  const deps = { nowMs: now, monotonicMs: now, agent: new Agent(), refusals: { note: () => {} } }
  return createTokenVerifier({
    signingKey,
    issuer,
    outsideIssuers: createOutsideIssuers([], deps),
    nowMs: now,
  })
}

type Changes = Readonly<Record<string, unknown>>
const CLAIMS = {
  iss: ISSUER,
  aud: ISSUER,
  sub: USER,
  client_id: KEY,
  perms: ['orders:read'],
  token_use: 'access',
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 300,
}
/** A good token but for the changes. */
const sign = (claims: Changes = {}, header: Changes = {}, privateKey = signingKey.privateKey) =>
  new SignJWT({ ...CLAIMS, ...claims })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: signingKey.kid, ...header })
    .sign(privateKey)

const OWN = {
  kind: 'own',
  subjectId: KEY,
  use: 'access',
  permissions: ['orders:read'],
  secretOrdinal: null,
  outside: null,
  expiresAtMs: (NOW_SECONDS + 300) * 1_000,
  recheckAtMs: (NOW_SECONDS + 300) * 1_000,
}

describe('counts', () => {
  test.each<readonly [string, Changes, object]>([
    ['of a key', {}, {}],
    ['of a secret of it', { sec: 3 }, { secretOrdinal: 3 }],
    ['of a secret that is no number', { sec: '3' }, {}],
    ['of a session', { client_id: KEY.replace('key', 'ses') }, { subjectId: KEY.replace('key', 'ses') }],
    ['of a user', { client_id: USER }, { subjectId: USER }],
    ['without permissions', { perms: [] }, { permissions: [] }],
    ['asked for at a name without TLS', { iss: 'http://localhost:7070', aud: 'http://localhost:7070' }, {}],
    [
      'for as long as a session lasts, and a minute of clocks',
      { token_use: 'session', exp: NOW_SECONDS + 960 },
      {
        use: 'session',
        expiresAtMs: (NOW_SECONDS + 960) * 1_000,
        recheckAtMs: (NOW_SECONDS + 960) * 1_000,
      },
    ],
    ['made by a clock that is a minute ahead', { iat: NOW_SECONDS + 60 }, {}],
  ])('a token %s', async (_, claims, changes) => {
    expect(await createVerifier()(await sign(claims))).toEqual({ ...OWN, ...changes })
  })

  test('one that is over, as what it was: that is judged at each use', async () => {
    const verify = createVerifier()
    const token = await sign()
    nowMs += 600_000
    expect(await verify(token)).toEqual(OWN)
    // It is not remembered: an older clock finds it anew.
    expect(await verify(token)).not.toBe(await verify(token))
  })

  test('one that was verified before, without a second look', async () => {
    const verify = createVerifier()
    const token = await sign()
    expect(await verify(token)).toBe(await verify(token))
  })
})

describe('does not count', () => {
  const stranger = generateKeyPairSync('ed25519').privateKey

  test.each<readonly [string, Changes, Changes?]>([
    ['of nobody', { client_id: undefined }],
    ['of a company', { client_id: COMPANY }],
    ['of what is no text', { client_id: 7 }],
    ['of no user', { sub: undefined }],
    ['without permissions', { perms: undefined }],
    ['with a permission that is no list', { perms: 'orders:read' }],
    ['for no use', { token_use: undefined }],
    ['for another use', { token_use: 'outside' }],
    ['without an end', { exp: undefined }],
    ['without a beginning', { iat: undefined }],
    ['made more than a minute from now', { iat: NOW_SECONDS + 61 }],
    ['that lives a second too long', { exp: NOW_SECONDS + 361 }],
    ['of a session that lives a second too long', { token_use: 'session', exp: NOW_SECONDS + 961 }],
    ['for another audience', { aud: 'https://other.example.com' }],
    ['for no audience', { aud: undefined }],
    ['of an issuer that is no text', { iss: 7, aud: 7 }],
    ['of an issuer that is no address', { iss: 'keys', aud: 'keys' }],
    ['of an issuer that is more than an origin', { iss: `${ISSUER}/`, aud: `${ISSUER}/` }],
    ['of an issuer of another scheme', { iss: 'ftp://keys', aud: 'ftp://keys' }],
    ['of an issuer whose scheme begins alike', { iss: 'httpsx://keys', aud: 'httpsx://keys' }],
    ['of another type', {}, { typ: 'JWT' }],
    ['of no type', {}, { typ: undefined }],
    ['under another key id', {}, { kid: 'other' }],
    ['under no key id', {}, { kid: undefined }],
  ])('a token %s', async (_, claims, header = {}) => {
    expect(await createVerifier()(await sign(claims as Changes, header as Changes))).toBeUndefined()
  })

  test('one that somebody else has signed', async () => {
    expect(await createVerifier()(await sign({}, {}, stranger))).toBeUndefined()
  })

  test.each(['', 'eyJ', 'eyJ.eyJ.x', 'not a token'])('%j', async (text) => {
    expect(await createVerifier()(text)).toBeUndefined()
  })

  test('where an issuer is configured, one that was asked for elsewhere, and the other way round', async () => {
    const verify = createVerifier(ISSUER)
    expect(await verify(await sign())).toEqual(OWN)
    const elsewhere = 'https://other.example.com'
    expect(await verify(await sign({ iss: elsewhere, aud: elsewhere }))).toBeUndefined()
    expect(await verify(await sign({}, { kid: 'other' }))).toBeUndefined()
  })
})

describe('what is issued', () => {
  const grant = (changes: Partial<TokenGrant> = {}): TokenGrant => ({
    use: 'access',
    issuer: ISSUER,
    subject: { id: KEY, userId: USER, companyId: COMPANY },
    authority: withPermissions(['orders:read', 'orders:write']),
    secretOrdinal: null,
    outside: null,
    entries: null,
    nowMs: nowMs + 999,
    expiresAtMs: nowMs + ACCESS_TOKEN_MS + 999,
    ...changes,
  })
  const withPermissions = (permissions: readonly string[]) =>
    compileAuthority({ role: 'owner', isOperator: false, userPermissions: null, narrowings: [permissions] })
  const issue = (changes: Partial<TokenGrant> = {}) =>
    issueToken({ signingKey, randomBytes: (count) => Buffer.alloc(count, 1) }, grant(changes))
  const partsOf = (token: string) =>
    token
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')))

  test('says who, what, where and how long, in whole seconds', async () => {
    expect(partsOf(await issue())).toEqual([
      { alg: 'EdDSA', typ: 'at+jwt', kid: signingKey.kid },
      {
        client_id: KEY,
        cid: COMPANY,
        perms: ['orders:read', 'orders:write'],
        scope: 'orders:read orders:write',
        ips: null,
        token_use: 'access',
        iss: ISSUER,
        aud: ISSUER,
        sub: USER,
        iat: NOW_SECONDS,
        exp: NOW_SECONDS + 300,
        jti: 'AQEBAQEBAQEBAQEBAQEBAQ',
      },
    ])
  })

  test.each<readonly [string, Partial<TokenGrant>, object]>([
    ['a key', {}, { use: 'access', secretOrdinal: null }],
    ['a secret of it', { secretOrdinal: 2 }, { secretOrdinal: 2 }],
    [
      'a session',
      { use: 'session', expiresAtMs: NOW_SECONDS * 1_000 + SESSION_TOKEN_MS },
      { use: 'session', expiresAtMs: (NOW_SECONDS + 900) * 1_000 },
    ],
  ])('for %s is taken again', async (_, changes, verified) => {
    expect(await createVerifier()(await issue(changes))).toMatchObject({ subjectId: KEY, ...verified })
  })

  test('carries addresses while they are few: two thousand characters of them, and else none', async () => {
    const entries = ['a'.repeat(1_000), 'b'.repeat(999)]
    expect(partsOf(await issue({ entries }))[1].ips).toEqual(entries)
    expect(partsOf(await issue({ entries: [...entries, ''] }))[1].ips).toEqual([])
  })

  test('carries a scope of a thousand characters, and else none', async () => {
    const names = Array.from({ length: 7 }, (_, n) => `${'a'.repeat(64)}:${'b'.repeat(60)}-${100 + n}`)
    const rest = (length: number) => `${'z'.repeat(length - 7 * 130 - 65)}:${'b'.repeat(64)}`
    const scopeOf = async (length: number) =>
      partsOf(await issue({ authority: withPermissions([...names, rest(length)]) }))[1].scope
    expect(await scopeOf(1_000)).toHaveLength(1_000)
    expect(await scopeOf(1_001)).toBeUndefined()
  })

  test('is never longer than what is taken: more permissions are refused, with what to do', async () => {
    const names = Array.from({ length: 60 }, (_, n) => `${'a'.repeat(64)}:${'b'.repeat(60)}-${100 + n}`)
    await expect(issue({ authority: withPermissions(names) })).rejects.toMatchObject({
      code: 'invalid_field',
      detail: expect.stringContaining('ask for fewer'),
    })
    expect((await issue({ authority: withPermissions(names.slice(0, 40)) })).length).toBeLessThan(8_192)
  })
})

test('a signing key is the one of its seed (RFC 8032 §7.1, RFC 8037 appendix A)', () => {
  const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex')
  const { jwk, kid } = createSigningKey(seed)
  expect(jwk).toEqual({
    kty: 'OKP',
    crv: 'Ed25519',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    alg: 'EdDSA',
    use: 'sig',
  })
  expect(kid).toBe(jwk.kid)
})
