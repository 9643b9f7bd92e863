import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHmacSha256 } from './hmac.ts'

const expected = (key: Uint8Array, parts: readonly (string | Uint8Array)[]) => {
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest('hex')
}

const anyKey = fc.uint8Array({ maxLength: 200 })
const anyParts = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ minLength: 600, maxLength: 900 }),
  ),
  { maxLength: 5 },
)

test('is HMAC-SHA-256 of the parts, for keys and parts of every length, one after another', () => {
  fc.assert(
    fc.property(anyKey, fc.array(anyParts, { minLength: 1, maxLength: 6 }), (key, messages) => {
      const hmac = createHmacSha256(key)
      for (const parts of messages) expect(hmac(...parts).toString('hex')).toBe(expected(key, parts))
    }),
  )
})

const KEY = new Uint8Array(32).fill(0xa5)

test.each([
  ['nothing', []],
  ['texts that fill the room', ['a'.repeat(682)]],
  ['a character more', ['a'.repeat(683)]],
  ['bytes that fill the room', [new Uint8Array(2_048).fill(7)]],
  ['a byte more', [new Uint8Array(2_049).fill(7)]],
  ['characters of three bytes that fill the room', ['水'.repeat(682)]],
  ['characters of three bytes that have no room', ['水'.repeat(683)]],
  ['characters of four bytes that fill the room', ['😀'.repeat(341)]],
  ['half a character', ['\ud83d', '\ude00']],
  ['a part that fits before one that does not', ['a', new Uint8Array(2_048)]],
  ['megabytes', ['a'.repeat(3_000_000), new Uint8Array(1_000_000)]],
] as const)('holds for %s', (_, parts) => {
  expect(createHmacSha256(KEY)(...parts).toString('hex')).toBe(expected(KEY, parts))
})

test('an answer stays as it is whatever is asked next, and two keys do not disturb each other', () => {
  const [one, two] = [createHmacSha256(Uint8Array.of(1)), createHmacSha256(Uint8Array.of(2))]
  const first = one('a')
  const said = first.toString('hex')
  two('a')
  one('bb')
  expect(first.toString('hex')).toBe(said)
  expect(one('a').toString('hex')).toBe(said)
})
