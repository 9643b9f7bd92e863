/**
 * Tokens that somebody made up. Each is a good token but for one change, and is refused for that change alone:
 * the same token without it is accepted first.
 */
import {
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseSecret } from '@latchkey/core/secret'
import { beforeEach, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { startTestServer, useTestServer } from '../harness.ts'
import { ASKED_ISSUER, type Forgery, forge } from './forged-token.ts'

const clock = createFakeClock()
const nowSeconds = Math.floor(clock.nowMs() / 1_000)

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' }, { clock })

const present = (token: string) =>
  server.call({ path: '/me', key: null, headers: { authorization: `Bearer ${token}` } })

beforeEach(async () => {
  expect((await present(forge(server))).body).toMatchObject({
    credential: { type: 'key', id: server.admin.keyId, isToken: true },
  })
})

async function expectRefused(token: string): Promise<void> {
  const answer = await present(token)
  expectProblem(answer, 'invalid_credentials')
  expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="latchkey", error="invalid_token"/)
}

/** Signs with HMAC under whatever a verifier that trusts `alg` would take for the secret. */
const hmac = (secret: string | Buffer) => (input: string) =>
  createHmac('sha256', secret).update(input).digest()
const publicKey = (): KeyObject => server.services.tokenIssuer.signingKey.publicKey

describe('the algorithm is ours to choose', () => {
  test.each(['none', 'None', 'NONE', 'nOnE', ''])('alg %j without a signature', async (alg) => {
    const unsigned = forge(server, { header: { alg }, sign: () => new Uint8Array() })
    await expectRefused(unsigned)
    await expectRefused(unsigned.slice(0, -1))
    await expectRefused(forge(server, { header: { alg } }))
  })

  test.each([
    ['PEM', () => publicKey().export({ format: 'pem', type: 'spki' })],
    ['DER', () => publicKey().export({ format: 'der', type: 'spki' })],
    ['the 32 bytes', () => Buffer.from(String(publicKey().export({ format: 'jwk' }).x), 'base64url')],
    ['JWK text', () => JSON.stringify(server.services.tokenIssuer.signingKey.jwk)],
    ['base64url text', () => String(publicKey().export({ format: 'jwk' }).x)],
    ['nothing', () => ''],
  ])('HS256 with the public key as the secret (%s)', async (_, secret) => {
    await expectRefused(forge(server, { header: { alg: 'HS256' }, sign: hmac(secret()) }))
    await expectRefused(forge(server, { sign: hmac(secret()) }))
  })

  test.each(['ES256', 'RS256', 'PS256', 'Ed448', 'eddsa', 'HS256', undefined, null, 7, ['EdDSA']])(
    'alg %j under our own signature',
    (alg) => expectRefused(forge(server, { header: { alg } })),
  )
})

describe('the signature is ours', () => {
  const stranger = generateKeyPairSync('ed25519')
  const byStranger = (input: string) => signBytes(null, Buffer.from(input), stranger.privateKey)

  test('of another key, under our key id', () => expectRefused(forge(server, { sign: byStranger })))

  test('of another key of the same service: another server secret', async () => {
    const other = await startTestServer({}, { clock })
    const { privateKey } = other.services.tokenIssuer.signingKey
    await other.dispose()
    await expectRefused(forge(server, { sign: (input) => signBytes(null, Buffer.from(input), privateKey) }))
  })

  test('of another token', async () => {
    const [header, claims] = forge(server, { claims: { perms: ['keys:list'] } }).split('.')
    const [, , signature] = forge(server).split('.')
    await expectRefused(`${header}.${claims}.${signature}`)
  })

  test('whole: not one bit of any part may differ', async () => {
    const token = forge(server)
    for (let index = 0; index < token.length; index += 1) {
      if (token[index] === '.') continue
      const other = token[index] === 'A' ? 'B' : 'A'
      await expectRefused(`${token.slice(0, index)}${other}${token.slice(index + 1)}`)
    }
  })

  test('not of a weak point that verifies everything', async () => {
    // The identity point as public key and S = 0 verify under careless implementations.
    const zero = new Uint8Array(64)
    const identity = new Uint8Array(64)
    identity[0] = 1
    for (const bytes of [zero, identity]) await expectRefused(forge(server, { sign: () => bytes }))
  })
})

type Row = readonly [string, Forgery]

describe('the claims are those of a token for this service', () => {
  const future = nowSeconds + 3_600
  test.each<Row>([
    ['another issuer', { claims: { iss: 'https://issuer.example.com' } }],
    ['our issuer with a slash', { claims: { iss: `${ASKED_ISSUER}/` } }],
    ['our issuer in a list', { claims: { iss: [ASKED_ISSUER] } }],
    ['no issuer', { claims: { iss: undefined } }],
    ['an issuer that is no origin', { claims: { iss: 'latchkey', aud: 'latchkey' } }],
    ['an issuer with a path', { claims: { iss: 'http://localhost/x', aud: 'http://localhost/x' } }],
    ['an issuer of another scheme', { claims: { iss: 'ftp://localhost', aud: 'ftp://localhost' } }],
    ['a null issuer', { claims: { iss: 'null', aud: 'null' } }],
    ['an issuer with a password', { claims: { iss: 'http://a:b@localhost', aud: 'http://a:b@localhost' } }],
    ['another audience', { claims: { aud: 'https://api.example.com' } }],
    ['other audiences', { claims: { aud: ['https://api.example.com', ''] } }],
    ['no audience', { claims: { aud: undefined } }],
    ['an audience that is no text', { claims: { aud: { iss: ASKED_ISSUER } } }],
    ['an identity token’s type', { header: { typ: 'JWT' } }],
    ['another type', { header: { typ: 'logout+jwt' } }],
    ['no type', { header: { typ: undefined } }],
    ['no exp', { claims: { exp: undefined } }],
    ['exp null', { claims: { exp: null } }],
    ['exp as text', { claims: { exp: String(nowSeconds + 300) } }],
    ['exp in milliseconds', { claims: { exp: (nowSeconds + 300) * 1_000 } }],
    ['exp in ten years', { claims: { exp: nowSeconds + 10 * 365 * 86_400 } }],
    ['exp at the end of numbers', { claims: { exp: Number.MAX_VALUE } }],
    ['no iat', { claims: { iat: undefined } }],
    ['iat as text', { claims: { iat: String(nowSeconds) } }],
    ['iat in the future', { claims: { iat: future, exp: future + 300 } }],
    ['iat in the future, exp before it', { claims: { iat: future } }],
    ['iat before all numbers', { claims: { iat: -Number.MAX_VALUE } }],
    ['nbf in the future', { claims: { nbf: nowSeconds + 60 } }],
    ['nbf as text', { claims: { nbf: String(nowSeconds) } }],
    ['no subject', { claims: { sub: undefined } }],
    ['no key', { claims: { client_id: undefined } }],
    ['a key that is no id', { claims: { client_id: "' OR 1=1 --" } }],
    ['a key that is a list', { claims: { client_id: ['key'] } }],
    ['no permissions', { claims: { perms: undefined } }],
    ['permissions as text', { claims: { perms: '*' } }],
    ['no use', { claims: { token_use: undefined } }],
    ['another use', { claims: { token_use: 'refresh' } }],
    ['claims that are a list', { claims: '[]' }],
    ['claims that are a text', { claims: '"claims"' }],
    ['claims that are null', { claims: 'null' }],
    ['claims that are no JSON', { claims: '{' }],
    ['a header that is a list', { header: '[]' }],
    ['a header that is no JSON', { header: 'alg' }],
  ])('%s', (_, forgery) => expectRefused(forge(server, forgery)))

  test('a company in the place of the key, or a key that does not exist', async () => {
    await expectRefused(forge(server, { claims: { client_id: server.admin.companyId } }))
    const { keyId } = server.admin
    const unknown = `${keyId.slice(0, -1)}${keyId.endsWith('0') ? '1' : '0'}`
    await expectRefused(forge(server, { claims: { client_id: unknown } }))
    // What the store finds a secret by: it names a key too, but no token may.
    const secret = parseSecret(server.adminKey, 'lk')
    const fingerprint = String(server.services.fingerprint(secret!))
    await expectRefused(forge(server, { claims: { client_id: fingerprint } }))
  })

  test('an exp beyond all numbers', async () => {
    const own = Buffer.from(forge(server).split('.')[1]!, 'base64url').toString('utf8')
    await expectRefused(forge(server, { claims: own.replace(/"exp":\d+/, '"exp":1e999') }))
  })

  test('a token that ran out is refused as such, but only when it is genuine', async () => {
    const over = { claims: { iat: nowSeconds - 600, exp: nowSeconds - 300 } }
    expectProblem(await present(forge(server, over)), 'token_expired')
    await expectRefused(forge(server, { ...over, sign: () => new Uint8Array(64) }))
  })

  test('audiences that name this service among others count', async () => {
    const aud = ['https://api.example.com', ASKED_ISSUER]
    expect((await present(forge(server, { claims: { aud } }))).status).toBe(200)
  })
})

describe('no token lives longer than the longest we issue', () => {
  test.each([
    ['access', 5],
    ['session', 15],
  ])('%s: %i minutes', async (token_use, minutes) => {
    const lasting = (seconds: number) => forge(server, { claims: { token_use, exp: nowSeconds + seconds } })
    expect((await present(lasting(minutes * 60))).status).toBe(200)
    await expectRefused(lasting(minutes * 60 + 61))
    await expectRefused(lasting(HOUR_MS / 1_000))
  })

  test('nor does one that says it was issued long ago', async () => {
    await expectRefused(forge(server, { claims: { iat: 0 } }))
  })

  test('the clocks of two servers may differ by a minute', async () => {
    const ahead = { iat: nowSeconds + 59, exp: nowSeconds + 359 }
    expect((await present(forge(server, { claims: ahead }))).status).toBe(200)
  })
})

describe('the key is found by our key id, and by nothing the token brings', () => {
  test.each<readonly [string, unknown]>([
    ['absent', undefined],
    ['empty', ''],
    ['unknown', 'another'],
    ['a path', '../../../../../../dev/null'],
    ['an absolute path', '/proc/self/environ'],
    ['SQL', "x' UNION SELECT 'AA' --"],
    ['a command', '| cat /etc/passwd'],
    ['an address', 'https://issuer.example.com/key.pem'],
    ['4,000 characters long', 'k'.repeat(4_000)],
    ['a number', 0],
    ['a list', ['kid']],
    ['null', null],
    ['a name of every object', '__proto__'],
  ])('kid: %s', (_, kid) => expectRefused(forge(server, { header: { kid } })))

  test('nor by the name of the service, where it has one', async () => {
    const named = await startTestServer({ LATCHKEY_PUBLIC_URL: 'https://keys.example.com' }, { clock })
    const status = async (kid: string) => {
      const headers = { authorization: `Bearer ${forge(named, { header: { kid } })}` }
      return (await named.call({ path: '/me', key: null, headers })).status
    }
    expect(await status(named.services.tokenIssuer.signingKey.kid)).toBe(200)
    expect(await status('another')).toBe(401)
    await named.dispose()
  })

  test('jku, x5u, jwk and x5c are refused, and no request leaves the service', async () => {
    const stranger = generateKeyPairSync('ed25519')
    const jwk = { ...stranger.publicKey.export({ format: 'jwk' }), kid: 'mine', alg: 'EdDSA', use: 'sig' }
    const sign = (input: string) => signBytes(null, Buffer.from(input), stranger.privateKey)
    let connections = 0
    const trap = createServer((_, answer) => answer.end(JSON.stringify({ keys: [jwk] })))
    trap.on('connection', () => {
      connections += 1
    })
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/jwks.json`
    const der = stranger.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
    for (const brought of [{ jku: url }, { x5u: url }, { jwk }, { x5c: [der] }]) {
      await expectRefused(forge(server, { header: brought }))
      await expectRefused(forge(server, { header: { ...brought, kid: 'mine' }, sign }))
      await expectRefused(forge(server, { header: brought, claims: { iss: url }, sign }))
    }
    expect((await fetch(url)).status).toBe(200)
    expect(connections).toBe(1)
    trap.closeAllConnections()
    trap.close()
  })

  test.each<readonly [string, object]>([
    ['crit with a claim we know', { crit: ['exp'] }],
    ['crit with nothing', { crit: [] }],
    ['crit with an unknown rule', { crit: ['only-on-sundays'], 'only-on-sundays': true }],
    ['an unencoded payload', { crit: ['b64'], b64: false }],
    ['b64 without crit', { b64: true }],
    ['compression', { zip: 'DEF' }],
    ['encryption', { enc: 'A256GCM' }],
  ])('%s', (_, header) => expectRefused(forge(server, { header: { ...header } })))
})

describe('one token has one spelling', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

  test('the unused bits of the last character are zero', async () => {
    const token = forge(server)
    const last = alphabet.indexOf(token.at(-1)!)
    for (let bits = 1; bits < 16; bits += 1) {
      const respelt = `${token.slice(0, -1)}${alphabet[last + bits]}`
      expect(Buffer.from(respelt.split('.')[2]!, 'base64url')).toEqual(
        Buffer.from(token.split('.')[2]!, 'base64url'),
      )
      await expectRefused(respelt)
    }
  })

  test.each<readonly [string, (token: string) => string]>([
    ['padding', (token) => `${token}==`],
    ['padding in the header', (token) => token.replace('.', '=.')],
    ['the other alphabet', (token) => token.replaceAll('-', '+').replaceAll('_', '/').replace(/.$/, '+')],
    ['a tab at the end', (token) => `${token}\t`],
    ['a line break inside', (token) => token.replace('.', '.\n')],
    ['a space inside', (token) => token.replace('.', '. ')],
    ['percent-encoding', (token) => token.replace('.', '%2e')],
    ['quotes', (token) => `"${token}"`],
    ['a fourth part', (token) => `${token}.AA`],
    ['an empty fourth part', (token) => `${token}.`],
    ['five parts', (token) => `${token}.AA.AA`],
    ['an empty first part', (token) => `.${token}`],
    ['two parts', (token) => token.slice(0, token.lastIndexOf('.'))],
    ['one part', (token) => token.slice(0, token.indexOf('.'))],
    ['an empty header', (token) => token.slice(token.indexOf('.'))],
    ['a thousand dots', (token) => `${token}${'.'.repeat(1_000)}`],
    ['nothing but dots', () => '..'],
  ])('%s', (_, respell) => expectRefused(respell(forge(server))))

  test.each(['iss', 'client_id', 'perms', 'exp'])('the claim %s twice', async (name) => {
    const own = Buffer.from(forge(server).split('.')[1]!, 'base64url').toString('utf8')
    const value = JSON.stringify(JSON.parse(own)[name])
    await expectRefused(forge(server, { claims: own.replace('{', `{"${name}":${value},`) }))
    const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}`
    await expectRefused(forge(server, { claims: own.replace('{', `{"${escaped}":${value},`) }))
    expect((await present(forge(server, { claims: own }))).status).toBe(200)
  })

  test.each(['alg', 'kid', 'typ'])('the header %s twice', async (name) => {
    const own = Buffer.from(forge(server).split('.')[0]!, 'base64url').toString('utf8')
    const value = JSON.stringify(JSON.parse(own)[name])
    await expectRefused(forge(server, { header: own.replace('{', `{"${name}":${value},`) }))
    expect((await present(forge(server, { header: own }))).status).toBe(200)
  })

  test('a byte order mark, or bytes that are no UTF-8', async () => {
    const own = Buffer.from(forge(server).split('.')[1]!, 'base64url').toString('utf8')
    await expectRefused(forge(server, { claims: `\ufeff${own}` }))
    const [header, claims] = forge(server).split('.')
    const broken = Buffer.concat([
      Buffer.from(claims!, 'base64url').subarray(0, -1),
      Buffer.from([0xff, 0x7d]),
    ])
    const input = `${header}.${broken.toString('base64url')}`
    const { privateKey } = server.services.tokenIssuer.signingKey
    const signature = signBytes(
      null,
      Buffer.from(input),
      createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })),
    )
    await expectRefused(`${input}.${signature.toString('base64url')}`)
  })
})

test('a token beyond 8,192 characters is not looked at', async () => {
  const padded = (length: number) => forge(server, { claims: { pad: 'p'.repeat(length) } })
  const short = padded(5_000)
  const long = padded(6_200)
  expect([short.length < 8_192, long.length > 8_192]).toEqual([true, true])
  expect((await present(short)).status).toBe(200)
  await expectRefused(long)
})

test('a refused token leaves no trace of itself in the log', async () => {
  const token = forge(server, { claims: { aud: 'elsewhere' } })
  await expectRefused(token)
  for (const part of token.split('.')) expect(server.logged.join('\n')).not.toContain(part)
})
