import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cellOf, countAt, freeAtMs, type Limit, leftOf, type Span } from './limit.ts'
import { type Account, decideAsk, NEW_ACCOUNT } from './limit-account.ts'

const NOW_MS = Date.UTC(2026, 10, 20, 12, 0, 0)
const rate = (max: number, seconds: number): Limit => ({ name: 'r', max, span: seconds })

/** Takes as much as there is, up to `units`. */
function take(account: Account, limit: Limit, units: number, nowMs: number) {
  const want = { limit, needed: units, least: 1, block: 0, held: 0 }
  const decided = decideAsk(account, { returns: [], wants: [want] }, nowMs)
  return { account: decided.account, units: decided.answer.grants[0]!.units }
}

const limits = fc.record({
  name: fc.constant('r'),
  max: fc.integer({ min: 1, max: 2_000 }),
  span: fc.oneof<fc.Arbitrary<Span>[]>(
    fc.integer({ min: 1, max: 86_400 }),
    fc.constant('day' as const),
    fc.constant('month' as const),
  ),
})

test('whatever is asked for when, no cell has more than the limit, by any clock', () => {
  const steps = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: -4_000_000, max: 90_000_000 })),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(limits, steps, (limit, asked) => {
      let account = NEW_ACCOUNT
      let nowMs = NOW_MS
      const used = new Map<number, number>()
      for (const [units, byMs] of asked) {
        nowMs += byMs
        const taken = take(account, limit, units, nowMs)
        account = taken.account
        const { index } = cellOf(limit.span, account.atMs)
        used.set(index, (used.get(index) ?? 0) + taken.units)
      }
      for (const count of used.values()) expect(count).toBeLessThanOrEqual(limit.max)
    }),
  )
})

test('a caller that asks all the time gets all of the limit in each cell', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 600 }), (max, seconds) => {
      const limit = rate(max, seconds)
      let account = NEW_ACCOUNT
      const used = new Map<number, number>()
      const start = cellOf(seconds, NOW_MS).startMs
      const step = Math.max(1, Math.floor((seconds * 1_000) / 400))
      for (let atMs = start; atMs < start + 4 * seconds * 1_000; atMs += step) {
        const taken = take(account, limit, max, atMs)
        account = taken.account
        const { index } = cellOf(seconds, atMs)
        used.set(index, (used.get(index) ?? 0) + taken.units)
      }
      for (const count of used.values()) expect(count).toBeGreaterThanOrEqual(max * 0.97)
    }),
  )
})

test('so many are left when it is said that they are, and not a second before', () => {
  const counts = fc.record({ previous: fc.nat(2_000), current: fc.nat(2_000) })
  fc.assert(
    fc.property(limits, counts, fc.nat(86_400_000), fc.nat(1_000), (limit, found, intoMs, cost) => {
      const nowMs = NOW_MS + intoMs
      const { span, max } = limit
      const previous = typeof span === 'number' ? Math.min(found.previous, max) : 0
      const count = {
        span,
        cell: cellOf(span, nowMs).index,
        previous,
        current: Math.min(found.current, max),
      }
      const freeMs = freeAtMs(count, limit, cost, nowMs)
      if (freeMs === undefined) {
        expect(cost).toBeGreaterThan(max)
        return
      }
      const leftAt = (atMs: number) => leftOf(countAt(count, limit, atMs), max, atMs)
      expect(leftAt(freeMs)).toBeGreaterThanOrEqual(cost)
      if (freeMs - 1_000 >= nowMs) expect(leftAt(freeMs - 1_000)).toBeLessThanOrEqual(cost)
    }),
  )
})

test('a month begins and ends to the millisecond, whichever was asked for before', () => {
  const starts = Array.from({ length: 26 }, (_, month) => Date.UTC(2026, month, 1))
  const edges = starts.slice(0, -1).flatMap((startMs, at) => [startMs, starts[at + 1]! - 1, NOW_MS])
  for (const atMs of [...edges, ...edges.toReversed()]) {
    const date = new Date(atMs)
    const index = (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
    expect(cellOf('month', atMs)).toEqual({
      index,
      startMs: Date.UTC(1970, index),
      endMs: Date.UTC(1970, index + 1),
    })
  }
})

test('what is given back can be taken again, once, and in its own cell or the one after', () => {
  const limit = rate(10, 60)
  const { startMs, endMs } = cellOf(60, NOW_MS)
  const full = take(NEW_ACCOUNT, limit, 10, startMs).account
  const back = { name: 'r', span: 60, cell: cellOf(60, startMs).index, units: 4 }
  const given = decideAsk(full, { returns: [back], wants: [] }, startMs).account
  expect(take(given, limit, 10, startMs).units).toBe(4)
  expect(take(full, limit, 10, startMs).units).toBe(0)
  const next = take(full, limit, 0, endMs).account
  const late = decideAsk(next, { returns: [back], wants: [] }, endMs).account
  expect(take(late, limit, 10, endMs).units).toBe(4)
  const refilled = take(full, limit, 10, endMs + 60_000).account
  const tooLate = decideAsk(refilled, { returns: [back], wants: [] }, endMs + 60_000).account
  expect(take(tooLate, limit, 10, endMs + 60_000).units).toBe(0)
})

test.each([
  ['as many as were taken', {}, 10, 0, 10],
  ['more than were taken', { units: 99 }, 10, 0, 10],
  ['of another window', { span: 3_600 }, 10, 0, 0],
  ['of another name', { name: 'other' }, 10, 0, 0],
  ['of a cell that comes', { cellsAgo: -1 }, 10, 0, 0],
  ['of the cell before', { cellsAgo: 1 }, 0, 10, 10],
  ['more than were taken in the cell before', { cellsAgo: 1, units: 99 }, 2, 8, 8],
  ['of the cell before that', { cellsAgo: 2 }, 0, 10, 0],
])('of units that come back are free: %s', (_what, changes, current, previous, left) => {
  const { cellsAgo = 0, ...other } = { ...changes } as { cellsAgo?: number }
  const { index: cell, startMs } = cellOf(60, NOW_MS)
  const account = {
    ...NEW_ACCOUNT,
    counts: new Map([['r', { span: 60, cell, current, previous }]]),
  }
  const back = { name: 'r', span: 60, cell: cell - cellsAgo, units: 10, ...other }
  const given = decideAsk(account, { returns: [back], wants: [] }, startMs).account
  expect(take(given, rate(10, 60), 10, startMs).units).toBe(left)
})

test('a count is kept as long as it counts for something: into the second cell after its own', () => {
  const { endMs } = cellOf(60, NOW_MS)
  const sizeAt = (nowMs: number) => {
    const full = take(NEW_ACCOUNT, rate(10, 60), 10, NOW_MS).account
    return decideAsk(full, { returns: [], wants: [] }, nowMs).account.counts.size
  }
  expect([NOW_MS, endMs, endMs + 59_999, endMs + 60_000].map(sizeAt)).toEqual([1, 1, 1, 0])
})

test.each([
  { max: 100, needed: 1, least: 1, block: 1_000, held: 0, units: 34 },
  { max: 2, needed: 1, least: 1, block: 1_000, held: 0, units: 1 },
  { max: 100, needed: 10, least: 10, block: 5, held: 0, units: 15 },
  { max: 3, needed: 5, least: 5, block: 10, held: 0, units: 0 },
  { max: 3, needed: 5, least: 1, block: 10, held: 0, units: 3 },
  { max: 60, needed: 0, least: 0, block: 1_000, held: 15, units: 10 },
  { max: 60, needed: 0, least: 0, block: 1_000, held: 30, units: 0 },
])('beyond what is waited for a third is at hand at most, and nothing of use to nobody: %o', (row) => {
  const { max, units, ...asked } = row
  const wants = [{ limit: rate(max, 60), ...asked }]
  expect(decideAsk(NEW_ACCOUNT, { returns: [], wants }, NOW_MS).answer.grants[0]!.units).toBe(units)
})

test.each(['__proto__', 'constructor', 'valueof', 'r'])('a limit called %s is counted', (name) => {
  const limit = { name, max: 3, span: 60 }
  const first = take(NEW_ACCOUNT, limit, 2, NOW_MS)
  const second = take(first.account, limit, 2, NOW_MS)
  expect([first.units, second.units, take(second.account, limit, 2, NOW_MS).units]).toEqual([2, 1, 0])
})

test('after its clock was set back a limit goes on at half the pace, until the clock is there again', () => {
  const limit = rate(1, 60)
  let { account } = take(NEW_ACCOUNT, limit, 1, NOW_MS)
  const backMs = NOW_MS - 3_600_000
  const taken: number[] = []
  for (let minute = 0; minute < 240; minute++) {
    const { units, account: after } = take(account, limit, 1, backMs + minute * 60_000)
    account = after
    taken.push(units)
  }
  const sum = (units: readonly number[]) => units.reduce((all, each) => all + each, 0)
  // Two minutes of the clock are one of the limit for two hours; and a full cell before costs a cell.
  expect([sum(taken.slice(0, 60)), sum(taken.slice(60, 120)), sum(taken.slice(120))]).toEqual([14, 15, 60])
  expect(account.atMs).toBe(backMs + 239 * 60_000)
})

test.each([
  ['a higher limit frees at once', rate(10, 60), rate(15, 60), 5],
  ['a lower one holds at once', rate(10, 60), rate(5, 60), 0],
  ['a longer window refills nothing', rate(10, 60), rate(12, 3_600), 2],
  ['a shorter one neither', rate(10, 3_600), rate(12, 60), 2],
])('%s', (_what, before, after, left) => {
  const full = take(NEW_ACCOUNT, before, 1_000, NOW_MS).account
  expect(take(full, after, 1_000, NOW_MS).units).toBe(left)
})

test('a limit that is taken off and put on again is as full as it was', () => {
  const full = take(NEW_ACCOUNT, rate(10, 60), 10, NOW_MS).account
  const other = decideAsk(
    full,
    {
      returns: [],
      wants: [{ limit: { name: 'o', max: 5, span: 'day' }, needed: 1, least: 1, block: 0, held: 0 }],
    },
    NOW_MS,
  ).account
  expect(take(other, rate(10, 60), 10, NOW_MS).units).toBe(0)
})

test('of limits that come under ever new names the last fifty windows are kept, and the quota', () => {
  let account = NEW_ACCOUNT
  const named = (name: string, span: Span): Limit => ({ name, max: 10, span })
  const ask = (limit: Limit) => {
    const taken = take(account, limit, 10, NOW_MS)
    account = taken.account
    return taken.units
  }
  expect(ask(named('quota', 'month'))).toBe(10)
  for (let n = 0; n < 60; n++) ask(named(`n${n}`, 86_400))
  expect(account.counts.size).toBe(50)
  for (const [name, span] of [
    ['quota', 'month'],
    ['n59', 86_400],
    ['n11', 86_400],
  ] as const) {
    expect([name, ask(named(name, span))]).toEqual([name, 0])
  }
  // It was asked for a moment ago, so another goes before it.
  ask(named('one more', 86_400))
  expect([ask(named('n11', 86_400)), ask(named('n12', 86_400))]).toEqual([0, 10])
})
