/** What an operator is told of tokens of outside issuers that do not count, and until when those that do are believed. */
import { Agent } from 'node:https'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createIssuerKey, type RemoteIssuer, startRemoteIssuer } from '../../test/tokens/remote-issuer.ts'
import { createOutsideIssuers, type IssuerConfig } from './outside-issuers.ts'
import { parseTokenText } from './token-text.ts'

const ISSUER = 'https://login.example.com/'
const AUDIENCE = 'https://keys.example.com'
const NOW_SECONDS = 1_763_631_000
const HOUR_SECONDS = 3_600

const key = createIssuerKey('one')

let remote: RemoteIssuer
beforeAll(async () => {
  remote = await startRemoteIssuer()
})
afterEach(() => remote.answerWith(undefined))
afterAll(() => remote.close())

/** Other than those of `ask`. */
type Settings = { readonly [Name in keyof IssuerConfig]?: IssuerConfig[Name] | undefined }
type Change = Readonly<Record<string, unknown>>
const CLAIMS = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'ada',
  org: 'acme',
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 600,
}

/** One token, made now, held against an issuer of these settings; what came of it, and what was told. */
async function ask(
  { claims = {}, header = {}, by = key }: { claims?: Change; header?: Change; by?: typeof key } = {},
  fields: Settings = {},
  nowMs = NOW_SECONDS * 1_000,
) {
  const notes: [string | null, string][] = []
  const config = {
    issuer: ISSUER,
    audience: AUDIENCE,
    audienceClaim: 'aud',
    companies: { named: new Set(['acme']), isEveryTenant: false },
    algorithms: ['ES256', 'RS256'],
    jwksUrl: remote.url,
    ca: remote.ca,
    maxLifetimeSeconds: HOUR_SECONDS,
    company: { claim: 'org', by: 'externalId' },
    user: { claim: 'sub', by: 'id' },
    ...fields,
  } as IssuerConfig
  const issuers = createOutsideIssuers([config], {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    agent: new Agent(),
    refusals: { note: (...note) => void notes.push(note) },
  })
  const token = await by.sign({ ...CLAIMS, ...claims }, header)
  const verified = await issuers
    .verify(token, parseTokenText(token)!)
    .catch((error: unknown) => ({ error }) as const)
  return { verified, notes }
}

beforeAll(() => remote.publish([key.jwk]))

describe('a token that counts', () => {
  const told = {
    kind: 'outside',
    issuer: ISSUER,
    companies: { named: new Set(['acme']), isEveryTenant: false },
    company: { by: 'externalId', value: 'acme' },
    user: { by: 'id', value: 'ada' },
  }

  test('is read as it is, nothing is told, and it counts as long as clocks may differ beyond its end', async () => {
    const expiresAtMs = (NOW_SECONDS + 605) * 1_000
    // Looked at again after ten minutes, which is sooner.
    const recheckAtMs = (NOW_SECONDS + 600) * 1_000
    expect(await ask()).toEqual({ verified: { ...told, expiresAtMs, recheckAtMs }, notes: [] })
  })

  test('is looked at again when it ends, if that is sooner', async () => {
    const { verified } = await ask({ claims: { exp: NOW_SECONDS + 60 } })
    const end = (NOW_SECONDS + 65) * 1_000
    expect(verified).toMatchObject({ expiresAtMs: end, recheckAtMs: end })
  })

  test('and is over is told as that, from its very end on', async () => {
    const claims = { iat: NOW_SECONDS - 100, exp: NOW_SECONDS - 5 }
    expect((await ask({ claims })).notes).toEqual([[ISSUER, 'exp is over']])
    expect((await ask({ claims: { ...claims, exp: NOW_SECONDS - 4 } })).notes).toEqual([])
    expect((await ask({ claims })).verified).toMatchObject({ kind: 'outside' })
  })

  test.each<readonly [string, Change, Settings]>([
    ['names the audience among others', { aud: ['x', AUDIENCE] }, {}],
    ['names it in another claim', { aud: 'x', scope: AUDIENCE }, { audienceClaim: 'scope' }],
    ['was made within five seconds from now', { iat: NOW_SECONDS + 5 }, {}],
    ['begins to count within five seconds from now', { nbf: NOW_SECONDS + 5 }, {}],
    ['lives as long as it may', { exp: NOW_SECONDS + HOUR_SECONDS }, {}],
  ])('%s', async (_, claims, fields) => {
    const { verified, notes } = await ask({ claims }, fields)
    expect([verified, notes]).toMatchObject([told, []])
  })

  test('names no company where the file names the only one', async () => {
    const { verified } = await ask({ claims: { org: undefined } }, { company: undefined })
    expect(verified).toMatchObject({ company: { by: 'either', value: 'acme' } })
  })
})

describe('a token that does not count: the operator is told why', () => {
  test.each<readonly [string, Parameters<typeof ask>[0]]>([
    ['alg is none of ES256, RS256', { by: createIssuerKey('one', 'EdDSA') }],
    ['kid is no text', { header: { kid: 7 } }],
    ['typ is neither JWT nor at+jwt', { header: { typ: 'logout+jwt' } }],
    ['typ is neither JWT nor at+jwt', { header: { typ: 'xapplication/jwt' } }],
    ['typ is neither JWT nor at+jwt', { header: { typ: 'jwtx' } }],
    [`aud does not name the audience ${AUDIENCE}`, { claims: { aud: 'x' } }],
    [`aud does not name the audience ${AUDIENCE}`, { claims: { aud: undefined } }],
    [`aud does not name the audience ${AUDIENCE}`, { claims: { aud: ['x', 'y'] } }],
    [`aud does not name the audience ${AUDIENCE}`, { claims: { aud: `${AUDIENCE}/x` } }],
    ['kid names no key of the key set that fits its algorithm', { header: { kid: 'two' } }],
    ['kid names no key of the key set that fits its algorithm', { by: createIssuerKey('one', 'RS256') }],
    ['the signature is not by the key that kid names', { by: createIssuerKey('one') }],
    ['exp: missing', { claims: { exp: undefined } }],
    ['iat: missing', { claims: { iat: undefined } }],
    ['nbf: check_failed', { claims: { nbf: NOW_SECONDS + 6 } }],
    ['iat is in the future', { claims: { iat: NOW_SECONDS + 6 } }],
    [
      `exp is more than maxLifetimeSeconds (${HOUR_SECONDS}) after iat`,
      { claims: { exp: NOW_SECONDS + HOUR_SECONDS + 1 } },
    ],
    ['org, the company, is no text', { claims: { org: 7 } }],
    ['org, the company, is no text', { claims: { org: '' } }],
    ['sub, the user, is no text', { claims: { sub: undefined } }],
    ['sub, the user, is no text', { claims: { sub: '' } }],
  ])('%s: %j', async (reason, changes) => {
    expect(await ask(changes)).toEqual({ verified: undefined, notes: [[ISSUER, reason]] })
  })

  test.each([
    ['iss is missing', undefined],
    ['iss is missing', 7],
    ['iss is not an issuer of the issuers file', 'https://other.example.com/'],
    ['iss is not an issuer of the issuers file', `${ISSUER}x`],
    [`iss differs from ${ISSUER} of the issuers file by the slash at its end`, ISSUER.slice(0, -1)],
  ])('%s: %j', async (reason, iss) => {
    expect(await ask({ claims: { iss } })).toEqual({ verified: undefined, notes: [[null, reason]] })
  })

  test('also of a slash that is too much', async () => {
    const issuer = ISSUER.slice(0, -1)
    const { notes } = await ask({}, { issuer })
    expect(notes).toEqual([[null, `iss differs from ${issuer} of the issuers file by the slash at its end`]])
  })

  test('a claim that every object has is no claim', async () => {
    const user = { claim: 'constructor', by: 'id' } as const
    expect((await ask({}, { user })).notes).toEqual([[ISSUER, 'constructor, the user, is no text']])
  })

  test('nothing is told where there are no outside issuers at all', async () => {
    const issuers = createOutsideIssuers([], {
      nowMs: () => 0,
      monotonicMs: () => 0,
      agent: new Agent(),
      refusals: { note: () => expect.unreachable('somebody was told') },
    })
    const token = await key.sign(CLAIMS)
    expect(await issuers.verify(token, parseTokenText(token)!)).toBeUndefined()
  })
})

describe('a key set that cannot be had', () => {
  const json = (value: unknown) => (response: { end: (text: string) => void }) =>
    response.end(JSON.stringify(value))

  test.each<readonly [string, Parameters<RemoteIssuer['answerWith']>[0]]>([
    ['Error: the key set answered 500', (response) => response.writeHead(500).end()],
    ['Error: the key set answered 302', (response) => response.writeHead(302, { location: '/' }).end()],
    ['Error: the key set has no keys', json({ jwks: [] })],
    ['Error: the key set has no keys', json({ keys: {} })],
    ['Error: the key set is larger than 65536 bytes', json({ keys: [], pad: 'p'.repeat(65_536) })],
  ])('%s: the operator is told, and the caller that it cannot be said', async (reason, answer) => {
    remote.answerWith(answer)
    const { verified, notes } = await ask()
    expect(verified).toMatchObject({ error: { code: 'cannot_verify', retryAfterSeconds: 30 } })
    expect(notes).toEqual([[ISSUER, `the key set cannot be had: ${reason}`]])
  })
})

describe('of what is in a key set', () => {
  const others = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...key.jwk, kid: `other ${index}` }))
  const accepts = async (keys: readonly object[], header: Change = {}) => {
    let accept: string | undefined
    remote.answerWith((response) => {
      accept = response.req.headers.accept
      response.end(JSON.stringify({ keys }))
    })
    const { verified } = await ask({ header })
    expect(accept).toBe('application/json')
    return verified !== undefined
  }

  test('the first fifty keys are looked at', async () => {
    expect(await accepts([...others(49), key.jwk])).toBe(true)
    expect(await accepts([...others(50), key.jwk])).toBe(false)
  })

  test.each<readonly [string, object]>([
    ['of another kind', { kty: 'oct', k: 'c2VjcmV0' }],
    ['of no kind', { ...key.jwk, kty: undefined }],
    ['for another use', { ...key.jwk, use: 'enc' }],
    ['for another algorithm', { ...key.jwk, alg: 'ES512' }],
    ['for another algorithm of the file', { ...key.jwk, alg: 'RS256' }],
  ])('one %s is none: a token without a kid is still of the only one', async (_, other) => {
    expect(await accepts([{ ...other, kid: 'other' }, key.jwk], { kid: undefined })).toBe(true)
    expect(await accepts([{ ...other, kid: 'one' }])).toBe(false)
  })

  test('of two that fit, a token without a kid is of neither', async () => {
    expect(await accepts([...others(1), key.jwk], { kid: undefined })).toBe(false)
  })
})
