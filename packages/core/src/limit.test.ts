import { describe, expect, test } from 'vitest'
import {
  cellOf,
  compileLimits,
  countAt,
  freeAtMs,
  isWithinLimit,
  type Limit,
  leftOf,
  type Span,
} from './limit.ts'

const NOW_MS = Date.UTC(2026, 10, 20, 12, 0, 0)
const minute = { name: 'minute', limit: 6, windowSeconds: 60 }
const hour = { name: 'hour', limit: 60, windowSeconds: 3_600 }
const monthly = { limit: 1_000, period: 'month' } as const

describe('the limits of a key are', () => {
  test.each([
    ['none', null, null, null],
    ['none, in a list of none', [], null, []],
    ['its rate limits', [minute, hour], null, ['minute 6 60', 'hour 60 3600']],
    ['its quota', null, monthly, ['quota 1000 month']],
    ['both, the quota last', [minute], monthly, ['minute 6 60', 'quota 1000 month']],
  ])('%s', (_what, rateLimits, quota, limits) => {
    const compiled = compileLimits(rateLimits, quota)
    expect(compiled?.map(({ name, max, span }) => `${name} ${max} ${span}`) ?? null).toEqual(limits)
  })
})

test.each<[string, Partial<Limit>, Partial<Limit>, boolean]>([
  ['the same', {}, {}, true],
  ['fewer', { max: 5 }, {}, true],
  ['more', { max: 7 }, {}, false],
  ['a longer window', { span: 61 }, {}, true],
  ['a shorter one', { span: 59 }, {}, false],
  ['another name', { name: 'other' }, {}, false],
  ['a month for a day', { span: 'month' }, { span: 'day' }, true],
  ['a day for a month', { span: 'day' }, { span: 'month' }, false],
  ['a day for a day', { span: 'day' }, { span: 'day' }, true],
])('whether one limit keeps to another: %s', (_what, wanted, held, isWithin) => {
  const limit: Limit = { name: 'r', max: 6, span: 60 }
  expect(isWithinLimit({ ...limit, ...wanted }, { ...limit, ...held })).toBe(isWithin)
})

test.each<[string, Span, number]>([
  ['a second', 1, 1_000],
  ['a day of UTC', 'day', 86_400_000],
  ['the month it is', 'month', 30 * 86_400_000],
])('a cell is %s, and the next begins where it ends', (_what, span, lengthMs) => {
  const { index, startMs, endMs } = cellOf(span, NOW_MS)
  expect(endMs - startMs).toBe(lengthMs)
  expect([cellOf(span, startMs).index, cellOf(span, endMs - 1).index]).toEqual([index, index])
  expect(cellOf(span, endMs)).toMatchObject({ index: index + 1, startMs: endMs })
})

describe('of what was used', () => {
  const used = (span: Span, previous: number, current: number) => ({
    span,
    cell: cellOf(span, NOW_MS).index,
    previous,
    current,
  })
  const { startMs, endMs } = cellOf(60, NOW_MS)

  test.each<[string, number, number, number]>([
    ['at the start of a cell all of the one before counts', startMs, 40, 60],
    ['in the middle half of it', startMs + 30_000, 40, 80],
    ['to the nearest whole one: 19.5 are 20', startMs + 30_750, 40, 80],
    ['to the nearest whole one: less are 19', startMs + 30_751, 40, 81],
    ['at the end none', endMs - 1, 40, 100],
    ['by a clock that was set back no more than all of it', startMs - 30_000, 40, 60],
  ])('%s', (_what, nowMs, previous, left) => {
    expect(leftOf(used(60, previous, 0), 100, nowMs)).toBe(left)
  })

  test('less than nothing is never left', () => expect(leftOf(used(60, 0, 11), 10, startMs)).toBe(0))

  test.each<[string, Span, number, number]>([
    ['a window: in the next cell', 60, 1, 7],
    ['a window: no more in the cell after that', 60, 2, 0],
    ['a day: not in the next one', 'day', 1, 0],
    ['a month: not in the next one', 'month', 1, 0],
  ])('the past of %s', (_what, span, cells, previous) => {
    let nowMs = NOW_MS
    for (let n = 0; n < cells; n++) nowMs = cellOf(span, nowMs).endMs
    expect(countAt(used(span, 3, 7), { span }, nowMs)).toMatchObject({ previous, current: 0 })
  })
})

describe('as many are left as are wanted', () => {
  const limit: Limit = { name: 'r', max: 10, span: 60 }
  const { index, startMs, endMs } = cellOf(60, NOW_MS)
  const freeAfterMs = (previous: number, current: number, cost: number, intoMs: number, by = limit) => {
    const freeMs = freeAtMs({ span: by.span, cell: index, previous, current }, by, cost, startMs + intoMs)
    return freeMs === undefined ? undefined : freeMs - startMs
  }

  test.each([
    ['never, of more than there are', 0, 0, 11, 5, undefined],
    ['now, of all that there are', 0, 0, 10, 5, 5],
    ['now, where just as many are', 0, 7, 3, 5, 5],
    // 10 fade to 9.5, which counts as 9 from the millisecond after.
    ['when the cell before has faded', 10, 0, 1, 5, 3_001],
    ['as late as the last of it goes', 10, 0, 10, 5, 57_001],
    ['in the next cell, where this one is full', 0, 10, 1, 5, endMs - startMs + 3_001],
    ['in the next cell, of all that there are', 0, 10, 10, 5, endMs - startMs + 57_001],
    ['in the next cell, though it has no past that counts for more', 10, 10, 1, 5, endMs - startMs + 3_001],
  ])('%s', (_what, previous, current, cost, intoMs, afterMs) => {
    expect(freeAfterMs(previous, current, cost, intoMs)).toBe(afterMs)
  })

  test('of a day when the next one begins', () => {
    const day = cellOf('day', NOW_MS)
    const count = { span: 'day' as const, cell: day.index, previous: 0, current: 10 }
    expect(freeAtMs(count, { ...limit, span: 'day' }, 1, NOW_MS)).toBe(day.endMs)
  })
})
