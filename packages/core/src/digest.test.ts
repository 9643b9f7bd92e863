import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { digestOf } from './digest.ts'
import { algorithmNamed, digestFormatName, parseDigestFormat } from './digest-format.ts'
import { looksLikeDigest, parseDigest } from './digest-text.ts'

const TEXT = 'acme_live_7Kq2vR9xWm4TzB8n'
const sha256 = (text: string | Buffer): Buffer => createHash('sha256').update(text).digest()
const pepper = Buffer.from('pepper of the old system')
const salt = Buffer.from('NaCl')

describe('digestOf', () => {
  it.each([
    ['sha256', TEXT, sha256(TEXT)],
    ['sha512', TEXT, createHash('sha512').update(TEXT).digest()],
    ['sha512-256', TEXT, createHash('sha512-256').update(TEXT).digest()],
    ['hmac-sha256', TEXT, createHmac('sha256', pepper).update(TEXT).digest()],
    ['sha256:after-last-underscore', TEXT, sha256('7Kq2vR9xWm4TzB8n')],
    ['sha256:after-last-underscore', 'no-mark-at-all', sha256('no-mark-at-all')],
    ['sha256:after-first-pipe', '7|abc|def', sha256('abc|def')],
    ['sha256:after-first-pipe', 'abcdef', sha256('abcdef')],
    ['sha256:suffix-salt', TEXT, sha256(`${TEXT}NaCl`)],
    ['hmac-sha256:suffix-salt', TEXT, createHmac('sha256', pepper).update(`${TEXT}NaCl`).digest()],
    [
      'hmac-sha256:after-last-underscore',
      TEXT,
      createHmac('sha256', pepper).update('7Kq2vR9xWm4TzB8n').digest(),
    ],
  ])('%s of %s is what the other system has', (name, text, expected) => {
    const format = parseDigestFormat(name)
    if ('detail' in format) throw new Error(format.detail)
    expect(digestOf(text, format, { pepper, salt })).toEqual(expected)
  })

  it.each([
    ['after-last-underscore', 'anything_'],
    ['after-first-pipe', '12|'],
    ['whole', ''],
    ['suffix-salt', ''],
  ] as const)('a text of whose %s part nothing is left has no digest', (input, text) => {
    expect(digestOf(text, { algorithm: 'sha256', input }, { salt })).toBeUndefined()
  })

  it('a format without its pepper or salt is a bug, not a digest', () => {
    expect(() => digestOf(TEXT, { algorithm: 'hmac-sha256', input: 'whole' })).toThrow('need a pepper')
    expect(() =>
      digestOf(TEXT, { algorithm: 'sha256', input: 'suffix-salt' }, { salt: Buffer.alloc(0) }),
    ).toThrow('need a salt')
  })
})

describe('parseDigestFormat', () => {
  it.each([
    ['sha256', 'sha256'],
    ['SHA-256', 'sha256'],
    [' sha512/256 ', 'sha512-256'],
    [`${' '.repeat(20)}SHA256:SUFFIX-SALT${' '.repeat(20)}`, 'sha256:suffix-salt'],
    ['HMAC_SHA256:whole', 'hmac-sha256'],
    ['sha-512:suffix-salt', 'sha512:suffix-salt'],
  ])('%s is read as %s', (text, name) => {
    const format = parseDigestFormat(text)
    expect('detail' in format ? format.detail : digestFormatName(format)).toBe(name)
  })

  it.each([
    ['murmur64', /checksum.*Import the texts/],
    ['crc32', /checksum/],
    ['md5', /broken/],
    ['SHA-1', /broken/],
    ['sha', /broken/],
    ['bcrypt', /slow and salted.*one by one/],
    ['argon2id', /slow and salted/],
    ['scrypt', /slow and salted/],
    ['pbkdf2_sha256', /slow and salted/],
    ['sha3-256', /not read in this release/],
    ['blake2b', /not read in this release/],
    ['', /must begin with one of sha256, sha512, sha512-256, hmac-sha256\./],
    ['saha256', /did you mean sha256\?/],
    ['sha256:after-last-underscor', /did you mean after-last-underscore\?/],
    ['sha256:first', /must have one of whole/],
    ['sha256:whole:whole', /must have one of whole/],
    ['sha256:wholes:x', /^must have one of whole, after-last-underscore, .* after the colon\.$/],
    ['sha256:whol', /did you mean whole\?$/],
    ['mymd5', /must begin with one of/],
    ['notcrc32', /must begin with one of/],
    ['my-bcrypt', /must begin with one of/],
    ['my-blake2', /must begin with one of/],
    ['django-bcrypt', /^django-bcrypt is slow/],
    // As long as a name may be that is shown, and one more.
    ['bcrypt-with-something', /^bcrypt is slow/],
    ['bcrypt-with-somethin', /^bcrypt-with-somethin is slow/],
    [`sha1${'A'.repeat(30)}`, /^sha is not read/],
  ])('%s is refused with the reason', (text, reason) => {
    expect(parseDigestFormat(text)).toEqual({ detail: expect.stringMatching(reason) })
  })
})

test.each([
  ['SHA-256', 'sha256'],
  ['Sha512/256', 'sha512-256'],
  ['HMAC_SHA 256', 'hmac-sha256'],
  ['sha384', undefined],
])('%s names the algorithm %s', (name, algorithm) => expect(algorithmNamed(name)).toBe(algorithm))

describe('parseDigest', () => {
  const digest = sha256(TEXT)
  const long = createHash('sha512').update(TEXT).digest()
  it.each([
    ['hex', digest.toString('hex')],
    ['upper-case hex', digest.toString('hex').toUpperCase()],
    ['padded base64', digest.toString('base64')],
    ['base64 without padding', digest.toString('base64').replace(/=+$/, '')],
    ['base64url', digest.toString('base64url')],
    ['padded base64url', `${digest.toString('base64url')}=`],
    ['hex of PostgreSQL', `\\x${digest.toString('hex')}`],
    ['marked hex', `sha256:${digest.toString('hex')}`],
    ['hex with blanks around', ` ${digest.toString('hex')}\n`],
  ])('%s gives the bytes', (_, text) => {
    expect(parseDigest(text, 'sha256')).toEqual({ bytes: digest })
  })

  it.each([
    ['hex of Django', `sha512$$${long.toString('hex')}`],
    ['base64', long.toString('base64')],
    ['base64url', long.toString('base64url')],
  ])('%s gives the bytes of SHA-512', (_, text) => {
    expect(parseDigest(text, 'sha512')).toEqual({ bytes: long })
  })

  it.each([
    ['$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', /hash of bcrypt.*one by one/],
    ['argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA', /hash of Argon2/],
    ['$7$C6..../....SodiumChloride', /hash of scrypt/],
    ['pbkdf2_sha256$600000$salt$hash=', /hash of PBKDF2/],
    ['cbf43926', /4 bytes.*CRC-32/],
    ['00112233445566ff', /8 bytes.*Murmur-64/],
    ['d41d8cd98f00b204e9800998ecf8427e', /16 bytes.*MD5/],
    ['da39a3ee5e6b4b0d3255bfef95601890afd80709', /20 bytes.*SHA-1/],
    [long.toString('hex'), /64 bytes and not the 32.*choose another format/],
    [`sha512$$${long.toString('hex')}`, /says that it is of sha512, and the format says sha256/],
    [`plain_md5$$d41d8cd98f00b204e9800998ecf8427e`, /says that it is of md5/],
    [digest.toString('hex').slice(0, 62), /31 bytes.*cut off/],
    [`${digest.toString('base64url').slice(0, 42)}B`, /is no digest of sha256/],
    ['not a digest at all!', /must be 32 bytes in hexadecimal/],
    ['', /must be 32 bytes/],
  ])('%s is refused with what it is', (text, reason) => {
    expect(parseDigest(text, 'sha256')).toEqual({ detail: expect.stringMatching(reason) })
  })

  it('32 bytes where SHA-512 is said are another format', () => {
    expect(parseDigest(digest.toString('hex'), 'sha512')).toEqual({
      detail: expect.stringMatching(/32 bytes and not the 64 of sha512.*SHA-256.*another format/),
    })
  })
})

describe('looksLikeDigest', () => {
  const digest = sha256(TEXT)
  const long = createHash('sha512').update(TEXT).digest()
  it.each([
    digest.toString('hex'),
    digest.toString('hex').toUpperCase(),
    digest.toString('base64'),
    digest.toString('base64url'),
    long.toString('hex'),
    long.toString('base64'),
    long.toString('base64url'),
    createHash('sha384').update(TEXT).digest('hex'),
    '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW',
  ])('%s may be one', (text) => {
    expect([looksLikeDigest(text), looksLikeDigest(text, true)]).toEqual([true, true])
  })

  it.each(['d41d8cd98f00b204e9800998ecf8427e', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'])(
    '%s may be one unless the source keeps such keys',
    (text) => {
      expect([looksLikeDigest(text), looksLikeDigest(text, true)]).toEqual([true, false])
    },
  )

  it.each([TEXT, 'sk_live_4eC39HqLyjWDarjtT1zdp7dc', `x${digest.toString('hex')}`, 'abc', ''])(
    '%s is none',
    (text) => {
      expect(looksLikeDigest(text)).toBe(false)
    },
  )
})
