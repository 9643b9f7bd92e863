import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Id, idTimeMs, isId, nextId } from './ids.ts'
import type { RandomBytes } from './random.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_MAX_MS = 2 ** 48 - 2

/** The 32 hexadecimal digits of the UUID in an id. */
function uuidOf(id: Id<string>): string {
  const bits = [...id.slice(-26)].map((sign) => ALPHABET.indexOf(sign).toString(2).padStart(5, '0')).join('')
  return BigInt(`0b${bits}`).toString(16).padStart(32, '0')
}

const filledWith =
  (byte: number): RandomBytes =>
  (size) =>
    new Uint8Array(size).fill(byte)

/** Gives the bytes of a list, again and again. */
function bytesFrom(bytes: Uint8Array): RandomBytes {
  let given = 0
  return (size) => Uint8Array.from({ length: size }, () => bytes[given++ % bytes.length]!)
}

const anyTimeMs = fc.nat({ max: TIME_MAX_MS })
const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 24 })

describe('nextId', () => {
  test('spells the TypeID specification’s example as the specification does', () => {
    const bytes = [0x01, 0xd2, 0xfc, 0xce, 0xb3, 0x02, 0x09, 0x9a, 0x80, 0x57]
    const id = nextId('key', { nowMs: 0x01890a5dac96, randomBytes: () => Uint8Array.from(bytes) })
    expect(id).toBe('key_01h455vb4pex5vsknk084sn02q')
    expect(uuidOf(id)).toBe('01890a5dac96774bbcceb302099a8057')
  })

  test('makes canonical ids of its kind that carry version 7, the RFC 9562 variant and the time', () => {
    fc.assert(
      fc.property(anyTimeMs, anyBytes, (nowMs, bytes) => {
        const id = nextId('usr', { nowMs, randomBytes: bytesFrom(bytes) })
        expect(isId('usr', id)).toBe(true)
        expect(uuidOf(id)).toMatch(/^[0-9a-f]{12}7[0-9a-f]{3}[89ab]/)
        expect(idTimeMs(id)).toBe(nowMs)
      }),
    )
  })

  test('is greater than the last id whatever the clock and the random bytes do, across kinds', () => {
    const step = fc.tuple(
      fc.constantFrom('key', 'usr', 'evt'),
      fc.nat({ max: 3 }),
      fc.constantFrom(0, 1, 127, 255),
    )
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 60 }), (steps) => {
        let after: Id<string> | undefined
        for (const [kind, nowMs, byte] of steps) {
          const id: Id<string> = nextId(kind, {
            nowMs,
            randomBytes: filledWith(byte),
            ...(after && { after }),
          })
          if (after !== undefined) expect(id.slice(-26) > after.slice(-26)).toBe(true)
          expect(uuidOf(id)).toMatch(/^.{12}7.{3}[89ab]/)
          after = id
        }
      }),
    )
  })

  test('carries into the time when the random bits of a millisecond are used up', () => {
    const last = nextId('key', { nowMs: 1_000, randomBytes: filledWith(255) })
    expect(uuidOf(last)).toMatch(/7fffbfffffffffffffff$/)
    const next = nextId('key', { nowMs: 1_000, randomBytes: filledWith(0), after: last })
    expect(uuidOf(next)).toBe('0000000003e970008000000000000000')
    expect(idTimeMs(next)).toBe(1_001)
  })

  test('carries over the variant and the version bits without touching them', () => {
    const bytes = Uint8Array.from([0, 0, 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
    const last = nextId('key', { nowMs: 5, randomBytes: () => bytes })
    const next = nextId('key', { nowMs: 5, randomBytes: filledWith(0), after: last })
    expect(uuidOf(last)).toBe('0000000000057000bfffffffffffffff')
    expect(uuidOf(next)).toBe('00000000000570018000000000000000')
  })

  test('steps by a random distance, so that an id does not tell its neighbour', () => {
    const after = nextId('key', { nowMs: 9_000, randomBytes: filledWith(128) })
    const ids = [0, 1, 2, 254, 255].map((byte) =>
      nextId('key', { nowMs: 8_000, randomBytes: filledWith(byte), after }),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('takes the fresh time as soon as the clock has passed the last id', () => {
    const after = nextId('key', { nowMs: 10, randomBytes: filledWith(255) })
    expect(idTimeMs(nextId('key', { nowMs: 11, randomBytes: filledWith(0), after }))).toBe(11)
  })

  test('refuses a time that is not a whole number', () => {
    expect(() => nextId('key', { nowMs: 1.5, randomBytes: filledWith(0) })).toThrow(RangeError)
    expect(() => nextId('key', { nowMs: Number.NaN, randomBytes: filledWith(0) })).toThrow(RangeError)
  })
})

test('ids sort as text in the order of their bytes', () => {
  const id = fc
    .tuple(anyTimeMs, anyBytes)
    .map(([nowMs, bytes]) => nextId('key', { nowMs, randomBytes: bytesFrom(bytes) }))
  fc.assert(
    fc.property(id, id, (left, right) => {
      expect(left < right).toBe(uuidOf(left) < uuidOf(right))
    }),
  )
})

describe('isId', () => {
  const suffix = '01h455vb4pex5vsknk084sn02q'

  test.each([`key_${suffix}`, `key_${'0'.repeat(26)}`, `key_7${'z'.repeat(25)}`])('accepts %s', (text) => {
    expect(isId('key', text)).toBe(true)
  })

  test.each([
    ['another kind', `usr_${suffix}`],
    ['no kind', suffix],
    ['an empty kind', `_${suffix}`],
    ['a longer kind', `xkey_${suffix}`],
    ['no underscore', `key-${suffix}`],
    ['upper case', `key_${suffix.toUpperCase()}`],
    ['an upper case kind', `KEY_${suffix}`],
    ['more than 128 bits', `key_8${suffix.slice(1)}`],
    ['25 characters', `key_${suffix.slice(1)}`],
    ['27 characters', `key_0${suffix}`],
    ['a space at the end', `key_${suffix} `],
    ['a line break at the end', `key_${suffix.slice(1)}\n`],
    ['a sign outside ASCII', `key_${suffix.slice(1)}٠`],
    ['i, which Crockford leaves out', `key_${suffix.slice(1)}i`],
    ['l, which Crockford leaves out', `key_${suffix.slice(1)}l`],
    ['o, which Crockford leaves out', `key_${suffix.slice(1)}o`],
    ['u, which Crockford leaves out', `key_${suffix.slice(1)}u`],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(isId('key', text)).toBe(false)
  })
})
