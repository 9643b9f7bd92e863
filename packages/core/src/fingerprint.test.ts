import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createFingerprinter,
  fingerprintBytes,
  fingerprintFromBytes,
  fingerprintNumber,
  fingerprintsEqual,
} from './fingerprint.ts'
import { Secret } from './secret.ts'

const anyKey = fc.uint8Array({ maxLength: 200 })
const anyText = fc.stringMatching(/^[0-9A-Za-z_]{0,128}$/)
const secretOf = (text: string) => new Secret(text, 'live')

test('a fingerprint is HMAC-SHA-256, for keys and secrets of every length, one after another', () => {
  fc.assert(
    fc.property(anyKey, fc.array(anyText, { minLength: 1, maxLength: 8 }), (key, texts) => {
      const fingerprint = createFingerprinter(key)
      for (const text of texts) {
        const expected = createHmac('sha256', key).update(text).digest('hex')
        expect(fingerprintBytes(fingerprint(secretOf(text))).toString('hex')).toBe(expected)
      }
    }),
  )
})

test.each([0, 1, 55, 56, 63, 64, 65, 127, 128])(
  'a key of %i bytes is padded or hashed as RFC 2104 says',
  (size) => {
    const key = new Uint8Array(size).fill(0xa5)
    const expected = createHmac('sha256', key).update('text').digest('hex')
    expect(fingerprintBytes(createFingerprinter(key)(secretOf('text'))).toString('hex')).toBe(expected)
  },
)

test('two fingerprinters do not disturb each other', () => {
  const [one, two] = [createFingerprinter(Uint8Array.of(1)), createFingerprinter(Uint8Array.of(2))]
  const before = one(secretOf('a'))
  two(secretOf('bb'))
  expect(one(secretOf('a'))).toBe(before)
  expect(two(secretOf('a'))).not.toBe(before)
})

test('a text longer than any secret is refused, not cut', () => {
  const key = new Uint8Array(32)
  const fingerprint = createFingerprinter(key)
  const longest = 'a'.repeat(128)
  const expected = createHmac('sha256', key).update(longest).digest('hex')
  expect(fingerprintBytes(fingerprint(secretOf(longest))).toString('hex')).toBe(expected)
  expect(() => fingerprint(secretOf('a'.repeat(129)))).toThrow(
    new RangeError('the secret is longer than any this service makes'),
  )
})

test('the number of a fingerprint is made of all bits of its first four bytes', () => {
  const numbers = [0, 1, 2, 3].map((place) => {
    const bytes = new Uint8Array(32)
    bytes[place] = 0x81
    return fingerprintNumber(fingerprintFromBytes(bytes)) >>> 0
  })
  expect(numbers).toEqual([0x81, 0x8100, 0x810000, 0x81000000])
})

test('a fingerprint is 32 characters, and survives the way through bytes', () => {
  fc.assert(
    fc.property(anyKey, anyText, (key, text) => {
      const fingerprint = createFingerprinter(key)(secretOf(text))
      expect(fingerprint.length).toBe(32)
      expect(fingerprintBytes(fingerprint).length).toBe(32)
      expect(fingerprintFromBytes(fingerprintBytes(fingerprint))).toBe(fingerprint)
    }),
  )
})

test('bytes are read where they stand in a larger buffer', () => {
  const shared = Uint8Array.from({ length: 96 }, (_, index) => index + 100)
  expect(fingerprintFromBytes(shared.subarray(32, 64)).charCodeAt(0)).toBe(132)
})

test('fingerprints are equal exactly when every byte is', () => {
  const fingerprint = createFingerprinter(new Uint8Array(32))
  const one = fingerprint(secretOf('one'))
  expect(fingerprintsEqual(one, fingerprint(secretOf('one')))).toBe(true)
  for (let index = 0; index < 32; index++) {
    const bytes = fingerprintBytes(one)
    bytes[index]! ^= 1
    expect(fingerprintsEqual(one, fingerprintFromBytes(bytes))).toBe(false)
  }
})
