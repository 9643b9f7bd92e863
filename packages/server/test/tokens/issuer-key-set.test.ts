/** An outside issuer’s key set: how often it is asked for, how long it is believed, and what it may do wrong. */
import { generateKeyPairSync } from 'node:crypto'
import { Agent } from 'node:https'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createOutsideIssuers } from '../../src/auth/outside-issuers.ts'
import { createSigningKey } from '../../src/auth/signing-key.ts'
import { parseTokenText } from '../../src/auth/token-text.ts'
import { createTokenVerifier } from '../../src/auth/verify-token.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { type Algorithm, createIssuerKey, type RemoteIssuer, startRemoteIssuer } from './remote-issuer.ts'

const ISSUER = 'https://login.example.com/'
const AUDIENCE = 'https://keys.example.com'
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

const key = createIssuerKey('one')
const nextKey = createIssuerKey('two')

let remote: RemoteIssuer
let elsewhere: RemoteIssuer

beforeAll(async () => {
  ;[remote, elsewhere] = [await startRemoteIssuer(), await startRemoteIssuer()]
  elsewhere.publish([key.jwk])
})
afterEach(() => {
  remote.answerWith(undefined)
  remote.publish([key.jwk])
})
afterAll(async () => {
  await remote.close()
  await elsewhere.close()
})

/** Trusts `remote`, with clocks that a test moves, and counts what is fetched from here on. */
function trust(fields: object = {}, deps: object = {}) {
  remote.publish([key.jwk])
  const clock = createFakeClock()
  const issuers = createOutsideIssuers(
    [
      {
        issuer: ISSUER,
        audience: AUDIENCE,
        audienceClaim: 'aud',
        companies: { named: new Set(['acme']), isEveryTenant: false },
        algorithms: ['ES256', 'RS256'],
        jwksUrl: remote.url,
        ca: remote.ca,
        maxLifetimeSeconds: 3_600,
        company: { claim: 'org', by: 'externalId' },
        user: { claim: 'sub', by: 'externalId' },
        ...fields,
      },
    ],
    {
      nowMs: clock.nowMs,
      monotonicMs: clock.nowMs,
      refusals: { note: () => {} },
      agent: new Agent(),
      ...deps,
    },
  )
  const before = remote.fetches()
  const nowSeconds = () => Math.floor(clock.nowMs() / SECOND_MS)
  const sign = (by = key, header: object = {}) => {
    const times = { iat: nowSeconds(), exp: nowSeconds() + 3_600 }
    return by.sign({ iss: ISSUER, aud: AUDIENCE, org: 'acme', sub: 'ada', ...times }, header)
  }
  const signingKey = createSigningKey(new Uint8Array(32))
  const verifyToken = createTokenVerifier({
    signingKey,
    issuer: AUDIENCE,
    outsideIssuers: issuers,
    nowMs: clock.nowMs,
  })
  return {
    clock,
    sign,
    /** Whether a token counts, as it does for the service, which remembers it. */
    remembers: async (token: string): Promise<boolean> => (await verifyToken(token)) !== undefined,
    fetches: () => remote.fetches() - before,
    /** Whether a token of `by`, made now, counts. Throws what the verifier throws. */
    async accepts(by = key, header: object = {}): Promise<boolean> {
      const token = await sign(by, header)
      const verified = await issuers.verify(token, parseTokenText(token)!)
      return verified?.user.value === 'ada'
    },
  }
}

const cannotVerify = { code: 'cannot_verify', retryAfterSeconds: 30 }

describe('is asked for', () => {
  test('once, however many tokens come at once', async () => {
    const { accepts, fetches } = trust()
    expect(fetches()).toBe(0)
    expect(await Promise.all(Array.from({ length: 50 }, () => accepts()))).not.toContain(false)
    expect(fetches()).toBe(1)
  })

  test('once in 30 seconds, however many unknown key ids are tried', async () => {
    const { accepts, fetches, clock } = trust()
    expect(await accepts()).toBe(true)
    const flood = () =>
      Promise.all(Array.from({ length: 100 }, (_, index) => accepts(key, { kid: `unknown ${index}` })))
    expect(await flood()).not.toContain(true)
    expect(fetches()).toBe(1)
    for (const round of [2, 3, 4]) {
      clock.move(30 * SECOND_MS - 1)
      await flood()
      expect(fetches()).toBe(round - 1)
      clock.move(1)
      await flood()
      expect(fetches()).toBe(round)
    }
    expect(await accepts()).toBe(true)
  })

  test('once in 30 seconds while it does not answer', async () => {
    const { accepts, fetches, clock } = trust()
    remote.answerWith((response) => response.writeHead(503).end())
    for (let round = 0; round < 5; round += 1) await expect(accepts()).rejects.toMatchObject(cannotVerify)
    expect(fetches()).toBe(1)
    remote.answerWith(undefined)
    await expect(accepts()).rejects.toMatchObject(cannotVerify)
    clock.move(30 * SECOND_MS)
    expect(await accepts()).toBe(true)
    expect(fetches()).toBe(2)
  })

  test('never for a token without our key in its algorithm', async () => {
    const { accepts, fetches } = trust({ algorithms: ['EdDSA'] })
    expect(await accepts()).toBe(false)
    expect(fetches()).toBe(0)
  })
})

describe('when the issuer changes its keys', () => {
  test('a new key counts at its first use', async () => {
    const { accepts, fetches, clock } = trust()
    expect(await accepts()).toBe(true)
    clock.move(30 * SECOND_MS)
    remote.publish([key.jwk, nextKey.jwk])
    expect(await accepts(nextKey)).toBe(true)
    expect(await accepts()).toBe(true)
    expect(fetches()).toBe(2)
  })

  test('a withdrawn key stops counting within ten minutes', async () => {
    const { accepts, clock } = trust()
    expect(await accepts()).toBe(true)
    remote.publish([nextKey.jwk])
    clock.move(10 * MINUTE_MS + 1)
    expect(await accepts()).toBe(false)
    expect(await accepts(nextKey)).toBe(true)
  })

  test('and so does a token that was looked at just before', async () => {
    const { sign, remembers, clock } = trust()
    const [early, late] = [await sign(), await sign()]
    expect(await remembers(early)).toBe(true)
    clock.move(10 * MINUTE_MS - 1)
    expect(await remembers(late)).toBe(true)
    remote.publish([nextKey.jwk])
    clock.move(2)
    expect([await remembers(early), await remembers(late)]).toEqual([false, false])
  })

  test('and while it is silent a token is not looked at again for half a minute', async () => {
    const { sign, remembers, fetches, clock } = trust()
    const token = await sign()
    expect(await remembers(token)).toBe(true)
    remote.answerWith((response) => response.writeHead(503).end())
    for (const round of [2, 3]) {
      clock.move(20 * MINUTE_MS)
      expect([await remembers(token), fetches()]).toEqual([true, round])
    }
    clock.move(30 * SECOND_MS - 1)
    expect([await remembers(token), fetches()]).toEqual([true, 3])
    remote.answerWith(undefined)
    remote.publish([nextKey.jwk])
    clock.move(1)
    expect(await remembers(token)).toBe(false)
  })

  test('two keys and a token that names none: it is not guessed', async () => {
    const { accepts } = trust()
    remote.publish([key.jwk, nextKey.jwk])
    expect(await accepts(key, { kid: undefined })).toBe(false)
    expect(await accepts()).toBe(true)
  })
})

describe('when it cannot be had', () => {
  test('the last good one is believed for 24 hours, and not longer', async () => {
    const { accepts, clock } = trust()
    expect(await accepts()).toBe(true)
    remote.answerWith((response) => response.destroy())
    clock.move(24 * HOUR_MS)
    expect(await accepts()).toBe(true)
    clock.move(1)
    await expect(accepts()).rejects.toMatchObject(cannotVerify)
    remote.answerWith(undefined)
    clock.move(30 * SECOND_MS)
    expect(await accepts()).toBe(true)
  })

  const json = (value: unknown) => (response: { end: (text: string) => void }) =>
    response.end(JSON.stringify(value))
  test.each<readonly [string, Parameters<RemoteIssuer['answerWith']>[0]]>([
    ['an error', (response) => response.writeHead(500).end()],
    ['nothing there', (response) => response.writeHead(404).end(JSON.stringify({ keys: [key.jwk] }))],
    ['no JSON', (response) => response.end('<html>')],
    ['JSON that is no object', json(null)],
    ['no keys', json({ jwks: [key.jwk] })],
    ['keys that are no list', json({ keys: { one: key.jwk } })],
    ['a list with nothing in a place', json({ keys: [null] })],
    ['more than 64 KiB', json({ keys: [key.jwk], pad: 'p'.repeat(65_536) })],
    [
      'an endless answer',
      (response) => {
        const more = () => {
          while (!response.destroyed && response.write('p'.repeat(16_384)));
          if (!response.destroyed) response.once('drain', more)
        }
        more()
      },
    ],
    ['a connection that ends early', (response) => response.write('{"keys":[', () => response.destroy())],
    ['no answer for three seconds', () => {}],
    ['an answer that takes longer than three seconds', (response) => response.write('{')],
    ['a redirect to where it is', (response) => response.writeHead(302, { location: elsewhere.url }).end()],
  ])('%s: it cannot be told, and nothing is accepted', async (_, answer) => {
    const { accepts, fetches } = trust()
    remote.answerWith(answer)
    const elsewhereBefore = elsewhere.fetches()
    await expect(accepts()).rejects.toMatchObject(cannotVerify)
    expect(fetches()).toBe(1)
    expect(elsewhere.fetches()).toBe(elsewhereBefore)
  })

  test('64 KiB to the byte are taken', async () => {
    const { accepts } = trust()
    const bare = JSON.stringify({ keys: [key.jwk], pad: '' }).length
    remote.answerWith(json({ keys: [key.jwk], pad: 'p'.repeat(65_536 - bare) }))
    expect(await accepts()).toBe(true)
  })

  test.each<readonly [string, () => object]>([
    ['the system’s certificates do not vouch for it', () => ({ ca: undefined })],
    ['another certificate is expected', () => ({ ca: elsewhere.ca })],
    [
      'the certificate is for another name',
      () => ({ jwksUrl: remote.url.replace('localhost', '127.0.0.1') }),
    ],
  ])('%s: no request is made', async (_, fields) => {
    const { accepts, fetches } = trust(fields())
    await expect(accepts()).rejects.toMatchObject(cannotVerify)
    expect(fetches()).toBe(0)
  })
})

describe('a token is accepted', () => {
  test.each<readonly [Algorithm, string]>([
    ['ES256', 'ES256'],
    ['RS256', 'RS256'],
    ['PS256', 'PS256'],
    ['EdDSA', 'EdDSA'],
    ['Ed25519', 'Ed25519'],
  ])('under a sound key for %s, and refused where the file does not list it', async (alg, listed) => {
    const sound = createIssuerKey('sound', alg)
    const { accepts } = trust({ algorithms: [listed] })
    remote.publish([sound.jwk])
    expect(await accepts(sound)).toBe(true)
    const other = trust({ algorithms: ['ES512'] })
    remote.publish([sound.jwk])
    expect(await other.accepts(sound)).toBe(false)
  })
})

/** Sound, but not for ES256. */
const largerKey = () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' })

/** What an issuer should have kept to itself. */
const privateHalf = (kind: 'ec' | 'rsa') => {
  const pair =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2_048 })
  return pair.privateKey.export({ format: 'jwk' })
}

test.each<readonly [string, 'ES256' | 'RS256', () => object]>([
  ['an RSA key without its number', 'RS256', () => ({ kty: 'RSA', e: 'AQAB' })],
  ['an RSA key that is too short', 'RS256', () => createIssuerKey('bad', 'RS256', 1_024).jwk],
  ['a point that is not on the curve', 'ES256', () => ({ ...key.jwk, x: key.jwk.y })],
  ['a curve nobody knows', 'ES256', () => ({ ...key.jwk, crv: 'P-1' })],
  ['another curve', 'ES256', () => ({ kty: 'OKP', crv: 'Ed25519', x: key.jwk.x })],
  ['a larger curve', 'ES256', () => largerKey()],
  ['for no use', 'ES256', () => ({ ...key.jwk, key_ops: [] })],
  ['for signing only', 'ES256', () => ({ ...key.jwk, key_ops: ['sign'] })],
  ['the private half', 'ES256', () => privateHalf('ec')],
  ['the private half of an RSA key', 'RS256', () => privateHalf('rsa')],
  ['no kind', 'ES256', () => ({ ...key.jwk, kty: undefined })],
  ['a shared secret', 'ES256', () => ({ kty: 'oct', k: 'c2VjcmV0' })],
])('a broken key among good ones (%s) is as good as none', async (_, alg, bad) => {
  const { accepts } = trust()
  remote.publish([{ alg, ...bad(), kid: 'bad' }, key.jwk])
  expect(await accepts(createIssuerKey('bad', alg))).toBe(false)
  expect(await accepts()).toBe(true)
})

describe('a sound key', () => {
  const privateOf = (): object => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return { d: pair.privateKey.export({ format: 'jwk' }).d }
  }
  test.each<readonly [string, object, boolean]>([
    ['for signatures', { use: 'sig' }, true],
    ['that does not say what for', { use: undefined }, true],
    ['for encryption', { use: 'enc' }, false],
    ['for another use', { use: '' }, false],
    ['that names no algorithm', { alg: undefined }, true],
    ['for another algorithm that the file lists', { alg: 'RS256' }, false],
    ['for one that the file does not list', { alg: 'ES384' }, false],
    ['for verifying', { key_ops: ['verify'] }, true],
    ['for signing', { key_ops: ['sign'] }, false],
    ['for nothing', { key_ops: [] }, false],
    ['with a private half', privateOf(), false],
    ['by another name', { kid: 'other' }, false],
    ['without a name', { kid: undefined }, false],
  ])('%s', async (_, changed, isAccepted) => {
    const { accepts } = trust()
    remote.publish([{ ...key.jwk, ...changed }])
    expect(await accepts()).toBe(isAccepted)
  })

  test('is found without its name when it is the only one for the algorithm', async () => {
    const { accepts } = trust()
    remote.publish([createIssuerKey('rsa', 'RS256').jwk, key.jwk])
    expect(await accepts(key, { kid: undefined })).toBe(true)
    const again = trust()
    remote.publish([{ ...key.jwk, alg: undefined }, createIssuerKey('rsa', 'RS256').jwk])
    expect(await again.accepts(key, { kid: undefined })).toBe(true)
  })

  test('is of the kind that the algorithm asks for, among several of one name (RFC 7517 §4.5)', async () => {
    const rsa = createIssuerKey('one', 'RS256')
    const { accepts } = trust()
    remote.publish([
      { ...key.jwk, alg: undefined },
      { ...rsa.jwk, alg: undefined },
    ])
    expect([await accepts(), await accepts(rsa)]).toEqual([true, true])
    expect(await accepts(rsa, { kid: undefined })).toBe(true)
    expect(await accepts(nextKey, { kid: 'one' }).catch(() => false)).toBe(false)
  })

  test('is of the curve that the algorithm asks for, among several of one name or of none', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const { accepts } = trust()
    remote.publish([
      { ...publicKey.export({ format: 'jwk' }), kid: 'one' },
      { ...key.jwk, alg: undefined },
    ])
    expect([await accepts(), await accepts(key, { kid: undefined })]).toEqual([true, true])
    expect(await accepts(nextKey, { kid: 'one' }).catch(() => false)).toBe(false)
  })

  test('is the fiftieth at most', async () => {
    const others = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ ...nextKey.jwk, kid: `other ${index}` }))
    for (const [before, isAccepted] of [
      [49, true],
      [50, false],
    ] as const) {
      const { accepts } = trust()
      remote.publish([...others(before), key.jwk])
      expect(await accepts()).toBe(isAccepted)
    }
  })

  test('is not asked for anew in its first ten minutes', async () => {
    const { accepts, fetches, clock } = trust()
    expect(await accepts()).toBe(true)
    clock.move(10 * MINUTE_MS)
    expect([await accepts(), fetches()]).toEqual([true, 1])
    clock.move(1)
    expect([await accepts(), fetches()]).toEqual([true, 2])
  })
})

test('a token counts for no company where none is named by the file, nor by a claim', async () => {
  const { accepts } = trust({ company: undefined, companies: { named: new Set(), isEveryTenant: true } })
  expect(await accepts()).toBe(false)
})

test('a fault of our own is not taken for a bad token', async () => {
  const monotonicMs = () => {
    throw new RangeError('the clock stopped')
  }
  await expect(trust({}, { monotonicMs }).accepts()).rejects.toThrow('the clock stopped')
})
