import { expect, test } from 'vitest'
import { open, seal, sealingKey } from './sealed-text.ts'

const name = Buffer.from('name')
const key = sealingKey(Buffer.alloc(32, 1), 'word')
const sealed = seal(key, name, 'a täxt', (size) => Buffer.alloc(size, 7))

test('what was sealed is opened with the same key and name, and shows nothing of itself', () => {
  expect(open(key, name, sealed)).toBe('a täxt')
  expect(sealed.toString('latin1')).not.toContain('xt')
  // Nonce and tag of AES-GCM (NIST SP 800-38D, 5.2.1): 96 and 128 bits, before as many bytes as the text has.
  expect(sealed).toHaveLength(12 + 16 + 7)
  expect(sealed.subarray(0, 12)).toEqual(Buffer.alloc(12, 7))
})

const changed = (at: number) => Buffer.from(sealed.map((byte, index) => (index === at ? byte ^ 1 : byte)))
test.each([
  ['another word', () => open(sealingKey(Buffer.alloc(32, 1), 'ward'), name, sealed)],
  ['another key', () => open(sealingKey(Buffer.alloc(32, 2), 'word'), name, sealed)],
  ['another name', () => open(key, Buffer.from('nama'), sealed)],
  ['another nonce', () => open(key, name, changed(0))],
  ['another tag', () => open(key, name, changed(12))],
  ['another text', () => open(key, name, changed(28))],
  ['an end cut off', () => open(key, name, sealed.subarray(0, -1))],
])('nothing is opened with %s', (_what, attempt) => expect(attempt).toThrow())
