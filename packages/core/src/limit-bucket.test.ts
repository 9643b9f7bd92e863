import { describe, expect, test } from 'vitest'
import { cellOf, type Limit, type Span } from './limit.ts'
import { type Bucket, isRunningLow, lookAt, nextBlock } from './limit-bucket.ts'

const { startMs, endMs } = cellOf(60, Date.UTC(2026, 10, 20, 12, 0, 0))
const LIMIT: Limit = { name: 'r', max: 100, span: 60 }

type Given = Partial<Omit<Bucket, 'count'>> & { readonly previous?: number; readonly current?: number }

/** Eight units at hand, ten seconds into the cell. */
function aBucket({ previous = 0, current = 30, ...changes }: Given = {}): Bucket {
  const { limit = LIMIT, atMs = startMs + 10_000 } = changes
  const count = { span: limit.span, cell: cellOf(limit.span, atMs).index, previous, current }
  return { limit, count, atMs, slackMs: 7, isShort: false, block: 8, lowAt: 4, units: 8, ...changes }
}

const look = (given: Given, cost: number, sinceMs: number, limit = given.limit ?? LIMIT) =>
  lookAt(aBucket(given), limit, cost, sinceMs)

describe('the authority has to be asked', () => {
  test('where nothing is known', () => expect(lookAt(undefined, LIMIT, 1, 0)).toBeUndefined())

  test.each<[string, Given, number, number, Limit?]>([
    ['the limit is another', {}, 1, 0, { ...LIMIT, max: 99 }],
    ['the window is another', {}, 1, 0, { ...LIMIT, span: 61 }],
    ['nobody knows how long ago it was', {}, 1, Number.POSITIVE_INFINITY],
    ['that, and nothing is at hand', { units: 0, current: 100 }, 101, Number.POSITIVE_INFINITY],
    ['the cell of what is at hand is over', {}, 1, 50_000],
    ['more is wanted than is at hand, and there was more', {}, 9, 0],
    ['it is long ago that nothing was left', { current: 100, units: 0 }, 1, 5_000],
  ])('where %s', (_what, given, cost, sinceMs, limit) => {
    expect(look(given, cost, sinceMs, limit)).toBeUndefined()
  })
})

describe('what is at hand', () => {
  test.each([1, 8])('may be used: %d', (cost) => expect(look({}, cost, 49_999)?.freeInMs).toBe(0))

  test('is left, with all that nobody took', () => {
    expect(look({}, 1, 0)?.state).toEqual({
      name: 'r',
      max: 100,
      span: 60,
      remaining: 78,
      resetAtMs: endMs,
      resetSeconds: 50,
    })
  })

  test.each([
    [0, 50],
    [1, 50],
    [48_000, 2],
    [48_001, 2],
    [49_001, 1],
    [49_999, 1],
  ])('the next cell begins in whole seconds, one at least: after %d ms', (sinceMs, seconds) => {
    expect(look({}, 1, sinceMs)?.state.resetSeconds).toBe(seconds)
  })
})

describe('that nothing is left', () => {
  const used = { current: 100, units: 0 }
  const daily = { ...used, limit: { ...LIMIT, span: 'day' as const } }

  test('is so for ever where the limit has not as many', () => {
    expect(look({ ...used, isShort: true }, 101, 0)).toMatchObject({ freeInMs: undefined })
  })

  test('is believed for five seconds, and for as long as the answer took longer', () => {
    const dayMs = cellOf('day', startMs).endMs - (startMs + 10_000)
    expect(look(daily, 1, 0)?.freeInMs).toBe(dayMs + 7)
    expect(look(daily, 1, 4_999)?.freeInMs).toBe(dayMs - 4_999 + 7)
    expect(look(daily, 1, 5_000)).toBeUndefined()
  })

  test('is believed in the next cell, too', () => {
    const given = { ...used, current: 200, atMs: endMs - 2_000 }
    // 200 fade to 99.5 in 30,150 ms, and one of them has passed.
    expect(look(given, 1, 3_000)?.freeInMs).toBe(29_151 + 7)
  })

  test('counts what was used, and not what is at hand', () => {
    expect(look({ current: 100, units: 3 }, 4, 0)?.freeInMs).toBe(
      50_000 + Math.ceil((1 - 96.5 / 97) * 60_000) + 7,
    )
  })
})

describe('of a limit that had less than was wanted nobody asks again before a hundredth of its window is over', () => {
  const fading = (max: number, span: Span): Given => ({
    limit: { name: 'r', max, span },
    atMs: cellOf(span, startMs).startMs,
    previous: max,
    current: 0,
    units: 0,
    isShort: true,
  })

  test.each<[string, number, Given]>([
    ['a minute', 600, fading(100, 60)],
    ['a second: 20 ms at least', 20, fading(1_000, 1)],
    ['an hour: a second at most', 1_000, fading(10_000, 3_600)],
    [
      'a day: a second',
      1_000,
      {
        limit: { ...LIMIT, span: 'day' },
        atMs: cellOf('day', startMs).endMs - 100,
        current: 100,
        units: 0,
        isShort: true,
      },
    ],
  ])('%s', (_what, spacingMs, given) => {
    expect(look(given, 1, spacingMs - 1)?.freeInMs).toBe(1)
    expect(look(given, 1, spacingMs)).toBeUndefined()
    expect(look({ ...given, isShort: false }, 1, spacingMs - 1)).toBeUndefined()
  })

  test('unless there was as much as is wanted now', () => {
    const given = { isShort: true, current: 96, units: 2 }
    expect(look(given, 7, 100)?.freeInMs).toBeGreaterThan(1_000)
    expect(look(given, 6, 100)).toBeUndefined()
    expect(look(given, 4, 100)).toBeUndefined()
  })
})

test.each([
  [8, 1_999, 16],
  [8, 2_000, 8],
  [40, 20_000, 40],
  [40, 20_001, 20],
  [41, 20_001, 20],
  [9, 20_001, 8],
  [600_000, 0, 1_000_000],
])('after a block of %d that lasted %d ms %d are taken in advance', (block, sinceMs, next) => {
  expect(nextBlock(aBucket({ block }), sinceMs)).toBe(next)
})

test('eight are taken at first', () => expect(nextBlock(undefined, 0)).toBe(8))

test.each<[string, Given, boolean]>([
  ['fewer are at hand than half of what there was in advance', { units: 3 }, true],
  ['half of them are', { units: 4 }, false],
  ['there were not even as many as were wanted', { units: 3, isShort: true }, false],
  ['eight are left elsewhere', { units: 3, current: 92 }, true],
  ['seven are', { units: 3, current: 93 }, false],
])('more is asked for in advance or not, where %s', (_what, given, isLow) => {
  expect(isRunningLow(aBucket(given))).toBe(isLow)
})
