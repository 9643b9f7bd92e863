/** Which tags are those of imported texts is known from all of them, or not at all. */
import { createHash } from 'node:crypto'
import { type Fingerprint, fingerprintFromBytes } from '@latchkey/core/fingerprint'
import type { KeyId } from '@latchkey/core/ids'
import { expect, test } from 'vitest'
import { createKnownTags } from '../../src/verification/known-tags.ts'

const tagOf = (text: string) => fingerprintFromBytes(createHash('sha256').update(text).digest())
const [ONE, TWO, THREE] = [tagOf('one'), tagOf('two'), tagOf('three')] as const
const GARBAGE = tagOf('garbage')

/** A store of two pieces, whose answers come when the test says so. */
function open({ tagsMax = 100 } = {}) {
  const stored: Fingerprint[][] = [[ONE], [TWO]]
  const asked: { answer: () => void; fail: () => void }[] = []
  let nowMs = 1_000
  let onTurn = () => {}
  const known = createKnownTags({
    list: (after) =>
      new Promise((resolve, reject) => {
        const index = Number(after ?? 0)
        const next = index + 1 < stored.length ? (String(index + 1) as KeyId) : undefined
        const answer = () => resolve({ tags: [...stored[index]!], next })
        asked.push({ answer, fail: () => reject(new Error('silent')) })
      }),
    monotonicMs: () => nowMs,
    nextTurn: async () => onTurn(),
    tagsMax,
  })
  /** Lets everything that waits for nothing from outside happen. */
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return {
    stored,
    asked,
    among: (...tags: Fingerprint[]) => known.among(tags),
    forget: known.forget,
    atEachTurn: (act: () => void) => {
      onTurn = act
    },
    pass: (ms: number) => {
      nowMs += ms
    },
    async answer() {
      asked.at(-1)!.answer()
      await settle()
    },
    async fail() {
      asked.at(-1)!.fail()
      await settle()
    },
    async readAll() {
      known.among([GARBAGE])
      await this.answer()
      await this.answer()
    },
  }
}

test('nothing is read before it is asked for, and every tag may be stored until all are read', async () => {
  const tags = open()
  tags.forget()
  expect(tags.asked).toHaveLength(0)
  expect(tags.among(ONE, GARBAGE)).toEqual([ONE, GARBAGE])
  await tags.answer()
  expect(tags.among(ONE, GARBAGE)).toEqual([ONE, GARBAGE])
  await tags.answer()
  expect(tags.among(ONE, GARBAGE, TWO)).toEqual([ONE, TWO])
  expect(tags.among(GARBAGE)).toEqual([])
  expect(tags.asked).toHaveLength(2)
})

test('what may have been imported is no reason to refuse it before all is read again, when that is over', async () => {
  const tags = open()
  await tags.readAll()
  expect(tags.among(THREE)).toEqual([])
  tags.stored[0]!.push(THREE)
  tags.forget()
  for (let step = 0; step < 5; step++) {
    expect(tags.among(THREE, GARBAGE)).toEqual([THREE, GARBAGE])
    tags.pass(4_000)
    tags.forget()
  }
  expect(tags.asked).toHaveLength(2)
  tags.pass(5_000)
  await tags.readAll()
  expect(tags.among(THREE, GARBAGE)).toEqual([THREE])
})

test.each([
  ['before the first piece', 0],
  ['before the last piece', 1],
])('what is read while something is imported does not count: %s', async (_, answered) => {
  const tags = open()
  tags.among(GARBAGE)
  for (let piece = 0; piece < answered; piece++) await tags.answer()
  tags.stored[0]!.push(THREE)
  tags.forget()
  await tags.answer()
  expect(tags.asked).toHaveLength(answered + 1)
  expect(tags.among(THREE)).toEqual([THREE])
  tags.pass(5_000)
  await tags.readAll()
  expect(tags.among(THREE, GARBAGE)).toEqual([THREE])
})

test('nor does it when that is so after the last piece', async () => {
  const tags = open()
  tags.among(GARBAGE)
  await tags.answer()
  tags.atEachTurn(tags.forget)
  await tags.answer()
  expect(tags.among(THREE)).toEqual([THREE])
})

test('a store that falls silent leaves it unknown, and is asked again after a pause', async () => {
  const tags = open()
  tags.among(GARBAGE)
  await tags.answer()
  await tags.fail()
  expect(tags.among(GARBAGE)).toEqual([GARBAGE])
  expect(tags.asked).toHaveLength(2)
  tags.pass(5_000)
  await tags.readAll()
  expect(tags.among(GARBAGE)).toEqual([])
})

test('to read all takes a tenth of the time at most', async () => {
  const tags = open()
  tags.among(GARBAGE)
  await tags.answer()
  tags.pass(10_000)
  await tags.answer()
  tags.forget()
  tags.pass(89_999)
  tags.among(GARBAGE)
  expect(tags.asked).toHaveLength(2)
  tags.pass(1)
  tags.among(GARBAGE)
  expect(tags.asked).toHaveLength(3)
})

test('more tags than memory is meant for are looked for in the store, and not read again', async () => {
  const tags = open({ tagsMax: 1 })
  await tags.readAll()
  expect(tags.among(GARBAGE)).toEqual([GARBAGE])
  tags.forget()
  tags.pass(10_000_000)
  expect(tags.among(GARBAGE)).toEqual([GARBAGE])
  expect(tags.asked).toHaveLength(2)
})
