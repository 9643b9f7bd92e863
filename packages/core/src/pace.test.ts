import { expect, test } from 'vitest'
import { createPace } from './pace.ts'

test('a turn is taken when the last has had its time, which counts from the end of the wait', async () => {
  let nowMs = 1_000
  const turnsAtMs: number[] = []
  const takeTurn = async () => {
    turnsAtMs.push(nowMs)
    // Others are at work meanwhile.
    nowMs += 50
  }
  const pace = createPace(10, takeTurn, () => nowMs)
  for (const workMs of [0, 9, 1, 9, 0, 1, 30, 9]) {
    nowMs += workMs
    await pace()
  }
  // 1,000 + 10; the wait until 1,060, and 10; the wait until 1,120, and 30.
  expect(turnsAtMs).toEqual([1_010, 1_070, 1_150])
})

test('work that ends within its turn never waits', async () => {
  const pace = createPace(
    10,
    () => Promise.reject(new Error('a turn')),
    () => 5,
  )
  for (let piece = 0; piece < 100; piece++) await pace()
  await expect(
    createPace(
      0,
      () => Promise.reject(new Error('a turn')),
      () => 5,
    )(),
  ).rejects.toThrow('a turn')
})
