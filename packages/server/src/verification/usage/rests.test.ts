import { afterEach, expect, test, vi } from 'vitest'
import { createRests } from './rests.ts'

afterEach(() => void vi.useRealTimers())

/** A clock that moves when somebody rests, and as told. */
function createRig(spreadMs: number) {
  const rig = { nowMs: 0, rested: [] as number[], isAsleep: false }
  const rests = createRests(spreadMs, {
    monotonicMs: () => rig.nowMs,
    async sleep(ms) {
      rig.rested.push(ms)
      rig.nowMs += ms
    },
  })
  return { rig, rests }
}

/** Does so many pieces, each of which takes so long. */
async function work({ rig, rests }: ReturnType<typeof createRig>, pieces: number, pieceMs: number) {
  rests.begin()
  for (let left = pieces - 1; left >= 0; left--) {
    rig.nowMs += pieceMs
    await rests.rest(left)
  }
  return rig.nowMs
}

test('work of few pieces rests for five milliseconds after each but the last', async () => {
  const one = createRig(8_000)
  await work(one, 4, 0.5)
  expect(one.rig.rested).toEqual([5, 5, 5])
})

test('work of many pieces is done in its time, and rests as long as that leaves', async () => {
  for (const pieces of [1_000, 2_000, 4_000, 6_000]) {
    const one = createRig(8_000)
    expect(await work(one, pieces, 0.5)).toBeLessThan(8_001)
    expect(Math.min(...one.rig.rested)).toBeGreaterThanOrEqual(1)
  }
})

test('work that takes longer than its time does not rest', async () => {
  const one = createRig(100)
  await work(one, 10, 50)
  expect(one.rig.rested.filter((ms) => ms > 5)).toEqual([])
  expect(one.rig.rested.length).toBeLessThan(3)
})

test('while somebody waits there are no rests, and after that there are again', async () => {
  const one = createRig(8_000)
  await one.rests.without(() => one.rests.without(async () => {}).then(() => work(one, 10, 0.5)))
  expect(one.rig.rested).toEqual([])
  await expect(one.rests.without(() => Promise.reject(new Error('disk full')))).rejects.toThrow('disk full')
  await work(one, 2, 0.5)
  expect(one.rig.rested).toEqual([5])
})

test('whoever comes to wait ends the rest that is under way', async () => {
  const rests = createRests(Number.MAX_SAFE_INTEGER, {
    monotonicMs: () => 0,
    // It ends by being woken only.
    sleep: (_ms, onWake) => new Promise(onWake),
  })
  rests.begin()
  const resting = rests.rest(1)
  await rests.without(() => resting)
})

test('a rest of a millisecond is one, and a shorter one is none', async () => {
  for (const [left, expected] of [
    [8, [1.25]],
    [10, [1]],
    [11, []],
  ] as const) {
    const { rig, rests } = createRig(10)
    rests.begin()
    await rests.rest(left)
    expect(rig.rested).toEqual(expected)
  }
})

test('by the clock of the process, a rest is over in its time, or as soon as somebody comes', async () => {
  vi.useFakeTimers()
  const rests = createRests(10)
  rests.begin()
  const resting = { isOver: false }
  void rests.rest(1).then(() => {
    resting.isOver = true
  })
  await vi.advanceTimersByTimeAsync(4)
  expect(resting.isOver).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(resting.isOver).toBe(true)

  const woken = rests.rest(1)
  expect(vi.getTimerCount()).toBe(1)
  await rests.without(() => woken)
  expect(vi.getTimerCount()).toBe(0)

  // Its ten milliseconds are over.
  await vi.advanceTimersByTimeAsync(5)
  await rests.rest(1)
})
