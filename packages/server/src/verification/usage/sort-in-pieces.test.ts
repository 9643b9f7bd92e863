import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPause } from '../../storage/short-turns.ts'
import { sortInPieces } from './sort-in-pieces.ts'

type Item = { readonly id: string; readonly day: number }

const sorted = (items: readonly Item[], pause = async () => {}) =>
  sortInPieces(items, { idOf: ({ id }) => id, compare: (one, other) => one.day - other.day, pause })

const inOrder = (one: Item, other: Item) =>
  one.id < other.id ? -1 : one.id > other.id ? 1 : one.day - other.day

const items = (id: fc.Arbitrary<string>) =>
  fc.array(fc.record({ id, day: fc.integer({ min: 1, max: 3 }) }), { maxLength: 2_000, size: 'max' })

/** What begins alike, in part or altogether, and what differs after more characters than a number takes. */
const KINDS = {
  'any text': fc.string({ unit: 'binary' }),
  'two letters': fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 20 }),
  'a common beginning': fc.string({ maxLength: 4 }).map((end) => `key_01m85e7dwrfwka4f0gvwh5${end}`),
  'the edge of what is compared as a number': fc.string({
    unit: fc.constantFrom('\0', '~', '\x7f', '\x80', '\uffff'),
    maxLength: 9,
  }),
}

for (const [kind, id] of Object.entries(KINDS)) {
  test(`whatever comes, all of it comes in the order of the ids, and of the days: ${kind}`, () =>
    fc.assert(
      fc.asyncProperty(items(id), async (given) => {
        const before = [...given]
        expect(await sorted(given)).toEqual(given.toSorted(inOrder))
        expect(given).toEqual(before)
      }),
      { numRuns: 30 },
    ))
}

test('between two pauses a thousand are looked at, at most', async () => {
  const count = 10_000
  const given = Array.from({ length: count }, (_, n) => ({ id: String((n * 7_919) % count), day: 1 }))
  let pauses = 0
  await sorted(given, async () => {
    pauses += 1
  })
  const passes = 2 + Math.ceil(Math.log2(count))
  expect(pauses).toBeGreaterThanOrEqual((passes * count) / 1_000)
})

test('ids that differ soon after their beginning are read for their numbers, and not compared', async () => {
  let reads = 0
  const idOf = (n: number) => {
    reads += 1
    return `key_01m85e7dwrfwka4f0gvwh${String((n * 7_919) % 10_000).padStart(4, '0')}`
  }
  const given = Array.from({ length: 10_000 }, (_, n) => n)
  await sortInPieces(given, { idOf, compare: () => 0, pause: async () => {} })
  expect(reads).toBeLessThan(3 * given.length)
})

test('a pause waits for the next turn when this one has had its time, and not before', async () => {
  let nowMs = 0
  let turns = 0
  const pause = createPause(() => nowMs)
  const counting = () => {
    turns += 1
  }
  setImmediate(counting)
  nowMs = 0.4
  await pause()
  expect(turns).toBe(0)
  nowMs = 0.5
  await pause()
  expect(turns).toBe(1)
  setImmediate(counting)
  nowMs = 0.9
  await pause()
  expect(turns).toBe(1)
})
