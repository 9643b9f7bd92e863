import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPause } from '../storage/short-turns.ts'
import { inOrder } from './in-order.ts'

const idOf = (id: string) => id
const collect = async (ids: readonly string[], batchMax: number, pause: () => Promise<void>) => {
  const batches: string[][] = []
  for await (const batch of inOrder(ids, { idOf, batchMax, pause })) batches.push(batch)
  return batches
}

test('whatever comes, all of it comes in the order of the ids, so many at a time', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.string(), { maxLength: 3_000, size: 'max' }),
      fc.integer({ min: 1, max: 400 }),
      async (ids, batchMax) => {
        const batches = await collect(ids, batchMax, async () => {})
        expect(batches.flat()).toEqual(ids.toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0)))
        expect(batches.slice(0, -1).every(({ length }) => length === batchMax)).toBe(true)
        expect(batches.every(({ length }) => length > 0 && length <= batchMax)).toBe(true)
      },
    ),
    { numRuns: 30 },
  ))

test('between two pauses no more than five hundred are sorted, and no more than a batch is put together', async () => {
  const ids = Array.from({ length: 10_000 }, (_, n) => String((n * 7_919) % 10_000))
  let pauses = 0
  await collect(ids, 200, async () => {
    pauses += 1
  })
  expect(pauses).toBe(10_000 / 500 + 10_000 / 200 - 1)
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
