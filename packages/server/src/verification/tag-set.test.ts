import { createHash } from 'node:crypto'
import { type Fingerprint, fingerprintFromBytes } from '@latchkey/core/fingerprint'
import { expect, it, test } from 'vitest'
import { createTagSet } from './tag-set.ts'

const tagOf = (number: number) => fingerprintFromBytes(createHash('sha256').update(`${number}`).digest())

it('a set of tags has each that was added, and none of a hundred thousand others', () => {
  const set = createTagSet()
  for (let number = 0; number < 20_000; number++) set.add(tagOf(number))
  for (let number = 0; number < 20_000; number += 3) set.add(tagOf(number))
  expect(set.size).toBe(20_000)
  let missing = 0
  for (let number = 0; number < 20_000; number++) if (!set.has(tagOf(number))) missing += 1
  let taken = 0
  for (let number = 20_000; number < 120_000; number++) if (set.has(tagOf(number))) taken += 1
  expect({ missing, taken }).toEqual({ missing: 0, taken: 0 })
})

it('tags that share the bits they are placed by are all kept', () => {
  const set = createTagSet()
  const alike = Array.from(
    { length: 200 },
    (_, number) => `\0\0\0\0${String.fromCharCode(number)}${'\0'.repeat(27)}` as Fingerprint,
  )
  for (const tag of alike) set.add(tag)
  expect(alike.filter((tag) => set.has(tag))).toHaveLength(200)
  expect(set.has(`\0\0\0\0${String.fromCharCode(200)}${'\0'.repeat(27)}` as Fingerprint)).toBe(false)
})

test.each([
  ['the first four bytes', 0],
  ['the next four', 4],
])('a tag that differs only in %s is another', (_, from) => {
  const set = createTagSet()
  const tagWith = (number: number) => {
    const bytes = Buffer.alloc(32, 1)
    bytes.writeUInt32LE(number, from)
    return fingerprintFromBytes(bytes)
  }
  // Those of one place: the lowest bits say which it is.
  const alike = Array.from({ length: 16 }, (_, index) => tagWith((index + 1) * 2 ** 24))
  for (const [index, tag] of alike.entries()) {
    expect(set.has(tag)).toBe(false)
    set.add(tag)
    expect(set.size).toBe(index + 1)
  }
})
