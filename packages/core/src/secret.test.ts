import { inspect } from 'node:util'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { generateSecret, isKeyPrefix, type Mode, parseSecret, Secret } from './secret.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Checksums computed with another implementation of CRC-32 (Python's zlib). */
const LIVE = 'lk_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg1vsBFy'
const TEST = 'lk_test_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg24Cm5q'

const anyMode = fc.constantFrom<Mode>('live', 'test')
const anyPrefix = fc.stringMatching(/^[a-z][a-z0-9]{0,15}$/)

/** The bytes of a list again and again, with zeros at the end of each round so that it always ends. */
function generate(prefix: string, mode: Mode, bytes: readonly number[]): Secret {
  let given = 0
  const source = [...bytes, 0]
  const randomBytes = (size: number) =>
    Uint8Array.from({ length: size }, () => source[given++ % source.length]!)
  return generateSecret({ prefix, mode, randomBytes })
}

function checksumOf(body: string | Uint8Array): string {
  let checksum = ''
  for (let rest = crc32(body); checksum.length < 6; rest = Math.floor(rest / 62)) {
    checksum = ALPHABET[rest % 62] + checksum
  }
  return checksum
}

const anySecret = fc
  .tuple(anyPrefix, anyMode, fc.array(fc.nat({ max: 255 }), { maxLength: 60 }))
  .map(([prefix, mode, bytes]) => ({ prefix, mode, text: generate(prefix, mode, bytes).reveal() }))

describe('Secret', () => {
  test('shows nothing of its text however it is printed', () => {
    const secret = new Secret(LIVE, 'live')
    const printed = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: { secret } }, { showHidden: true, depth: null }),
      inspect(new Map([[secret, secret]])),
      Object.entries(secret).join(),
      Object.getOwnPropertyNames(secret).join(),
    ]
    for (const text of printed) expect(text).not.toContain('0123')
    expect(printed.slice(0, 4)).toEqual(['[secret]', '[secret]', '{"secret":"[secret]"}', '[secret]'])
  })

  test('gives its text away when asked', () => {
    expect(new Secret(LIVE, 'live').reveal()).toBe(LIVE)
  })
})

describe('parseSecret', () => {
  test.each([
    [LIVE, 'live'],
    [TEST, 'test'],
  ])('%s is a secret', (text, mode) => {
    const secret = parseSecret(text, 'lk')
    expect(secret?.reveal()).toBe(text)
    expect(secret?.mode).toBe(mode)
  })

  test.each([
    ['nothing', ''],
    ['another prefix', LIVE.replace('lk', 'mk')],
    ['a longer prefix', `x${LIVE}`],
    ['no prefix', LIVE.slice(2)],
    ['the prefix in upper case', LIVE.replace('lk', 'LK')],
    ['another mode', LIVE.replace('live', 'prod')],
    ['the other mode', LIVE.replace('live', 'test')],
    ['hyphens', LIVE.replaceAll('_', '-')],
    ['a character too few', LIVE.slice(0, -1)],
    ['a character too many', `${LIVE}0`],
    ['a space around', ` ${LIVE}`],
    ['a line break at the end', `${LIVE.slice(0, -1)}\n`],
    ['a sign outside the alphabet', LIVE.replace('A', '-')],
    ['a sign outside ASCII', LIVE.replace('A', 'Ａ')],
    ['a digit outside ASCII', LIVE.replace('0', '٠')],
    ['two swapped characters', LIVE.replace('AB', 'BA')],
    ['a wrong checksum', LIVE.replace('1vsBFy', '1vsBFz')],
    ['a checksum of zeros', LIVE.replace('1vsBFy', '000000')],
    ['a masked key', 'lk_live_0123...sBFy'],
  ])('refuses %s', (_, text) => {
    expect(parseSecret(text, 'lk')).toBeUndefined()
  })

  test.each(['-', '_', ' ', '\n', '\u0000', 'é', 'Ａ', '\u0141'])(
    'refuses %j even under a right checksum, wherever it stands',
    (sign) => {
      const body = LIVE.slice(0, -6)
      for (let at = 'lk_live_'.length; at < body.length; at++) {
        const changed = `${body.slice(0, at)}${sign}${body.slice(at + 1)}`
        expect(parseSecret(changed + checksumOf(changed), 'lk')).toBeUndefined()
        // Of a sign beyond a byte the last byte alone could be counted.
        const ofBytes = checksumOf(Buffer.from(changed, 'latin1'))
        expect(parseSecret(changed + ofBytes, 'lk')).toBeUndefined()
      }
      expect(parseSecret(body + checksumOf(body), 'lk')).toBeDefined()
    },
  )

  test('refuses a sign outside the alphabet in place of a zero of the checksum', () => {
    const bodies = Array.from({ length: 62 }, (_, at) => `lk_live_${ALPHABET[at]?.repeat(43)}`)
    const body = bodies.find((each) => checksumOf(each).startsWith('0'))!
    const checksum = checksumOf(body)
    expect(parseSecret(body + checksum, 'lk')).toBeDefined()
    for (const sign of ['-', '\u0080', 'é', '１'])
      expect(parseSecret(body + sign + checksum.slice(1), 'lk')).toBeUndefined()
  })

  test.each([
    ['a character too few', LIVE.slice(0, -7)],
    ['a character too many', `${LIVE.slice(0, -6)}0`],
    ['very many', `${LIVE.slice(0, -6)}${'0'.repeat(100)}`],
    ['another mode', LIVE.slice(0, -6).replace('live', 'prod')],
    ['no mode', LIVE.slice(0, -6).replace('live', '____')],
    ['another prefix', LIVE.slice(0, -6).replace('lk', 'mk')],
  ])('refuses %s even under a right checksum', (_, body) => {
    expect(parseSecret(body + checksumOf(body), 'lk')).toBeUndefined()
  })

  test.each(['-', '_', '\u007f', '\u0080', 'é', '\u0131', '１'])(
    'refuses %j in place of a character of the checksum, whatever it counts for',
    (sign) => {
      for (let at = LIVE.length - 6; at < LIVE.length; at++) {
        expect(parseSecret(`${LIVE.slice(0, at)}${sign}${LIVE.slice(at + 1)}`, 'lk')).toBeUndefined()
      }
    },
  )

  test('reads back what was generated, under its own prefix only', () => {
    fc.assert(
      fc.property(anySecret, anyPrefix, ({ prefix, mode, text }, other) => {
        expect(parseSecret(text, prefix)?.reveal()).toBe(text)
        expect(parseSecret(text, prefix)?.mode).toBe(mode)
        if (other !== prefix) expect(parseSecret(text, other)).toBeUndefined()
      }),
    )
  })

  test('refuses every secret with one character mistyped', () => {
    const typo = fc.tuple(anySecret, fc.nat(), fc.constantFrom(...ALPHABET))
    fc.assert(
      fc.property(typo, ([{ prefix, text }, place, sign]) => {
        const at = place % text.length
        if (text[at] === sign) return
        expect(parseSecret(`${text.slice(0, at)}${sign}${text.slice(at + 1)}`, prefix)).toBeUndefined()
      }),
    )
  })
})

describe('generateSecret', () => {
  test('makes prefix, mode, 43 random characters and 6 of checksum', () => {
    fc.assert(
      fc.property(anySecret, ({ prefix, mode, text }) => {
        expect(text).toMatch(new RegExp(`^${prefix}_${mode}_[0-9A-Za-z]{49}$`))
      }),
    )
  })

  test('gives each of the 62 characters the same chance: four bytes each, and the other eight are not used', () => {
    const uses = new Map<string, number>()
    for (let byte = 0; byte < 256; byte++) {
      // A first round of one byte alone, then zeros: what is refused leaves only zeros.
      const rounds = [new Uint8Array(43).fill(byte), new Uint8Array(43)]
      const randomBytes = () => rounds.shift() ?? new Uint8Array(43)
      const body = generateSecret({ prefix: 'lk', mode: 'live', randomBytes }).reveal().slice(8, 51)
      if (rounds.length === 0) continue
      expect(new Set(body).size).toBe(1)
      uses.set(body[0]!, (uses.get(body[0]!) ?? 0) + 1)
    }
    expect([...uses.keys()].sort().join('')).toBe(ALPHABET)
    expect(new Set(uses.values())).toEqual(new Set([4]))
  })

  test('pads the checksum with zeros', () => {
    // 62^5 is about a fifth of 2^32: many checksums begin with 0.
    const found = Array.from({ length: 248 }, (_, byte) => generate('lk', 'live', [byte]).reveal().slice(-6))
    expect(found.every((text) => /^[0-4][0-9A-Za-z]{5}$/.test(text))).toBe(true)
    expect(found.some((text) => text.startsWith('0'))).toBe(true)
  })
})

test.each([
  ['lk', true],
  ['a', true],
  ['a234567890123456', true],
  ['a2345678901234567', false],
  ['', false],
  ['1k', false],
  ['Lk', false],
  ['l_k', false],
  ['l-k', false],
  ['lk\n', false],
  ['ключ', false],
])('isKeyPrefix(%j) is %s', (text, isPrefix) => {
  expect(isKeyPrefix(text)).toBe(isPrefix)
})
