import { describe, expect, test } from 'vitest'
import { createBackOff, type Ending } from './back-off.ts'

const FREE = 2
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** A table in which `key` ended so, one after another, at moment 0. */
function after(endings: readonly Ending[], key = 'key') {
  const table = createBackOff()
  for (const ending of endings) {
    table.begin(key, 0)
    table.end(key, ending, FREE, 0)
  }
  return table
}
const failed = (times: number) => after(Array<Ending>(times).fill('failed'))

describe('whoever fails again and again waits', () => {
  test.each([
    [0, undefined],
    [2, undefined],
    [3, 1],
    [4, 2],
    [5, 4],
    [10, 128],
    [11, 256],
    [12, 300],
    [40, 300],
  ])('after %i failures, of which two are free: %s s', (times, seconds) => {
    expect(failed(times).secondsLeft('key', FREE, 0)).toBe(seconds)
  })

  test.each([
    [1, 4],
    [1_000, 3],
    [1_001, 3],
    [3_999, 1],
    [4_000, undefined],
    [4_001, undefined],
  ])('until that time is over: after %i ms it has %s s left', (nowMs, seconds) => {
    expect(failed(5).secondsLeft('key', FREE, nowMs)).toBe(seconds)
  })

  test('a wait begins when the failure ends', () => {
    const table = failed(2)
    table.begin('key', 10_000)
    table.end('key', 'failed', FREE, 20_000)
    expect(table.secondsLeft('key', FREE, 20_999)).toBe(1)
    expect(table.secondsLeft('key', FREE, 21_000)).toBeUndefined()
  })

  test('nobody waits for the failures of another', () => {
    expect(failed(9).secondsLeft('other', FREE, 0)).toBeUndefined()
  })
})

describe('what was under way when somebody asks', () => {
  /** `failures`, then so many that have not ended. */
  const busy = (failures: number, pending: number) => {
    const table = failed(failures)
    for (let n = 0; n < pending; n += 1) table.begin('key', 0)
    return table
  }

  test.each([
    [0, 2, undefined],
    [0, 3, 1],
    [1, 1, undefined],
    [1, 2, 1],
    [2, 0, undefined],
    [2, 1, 1],
  ])('%i failures and %i under way: %s', (failures, pending, seconds) => {
    expect(busy(failures, pending).secondsLeft('key', FREE, 0)).toBe(seconds)
  })

  test('counts until it ends, however long that takes', () => {
    const table = busy(0, 3)
    expect(table.secondsLeft('key', FREE, 10 * HOUR_MS)).toBe(1)
    table.end('key', 'dropped', FREE, 10 * HOUR_MS)
    expect(table.secondsLeft('key', FREE, 10 * HOUR_MS)).toBeUndefined()
  })

  test('does not shorten a wait, and the other way round', () => {
    expect(busy(5, 1).secondsLeft('key', FREE, 0)).toBe(4)
    expect(busy(5, 1).secondsLeft('key', FREE, 3_500)).toBe(1)
  })

  test('that ends twice counts once', () => {
    const table = busy(0, 3)
    for (let n = 0; n < 9; n += 1) table.end('key', 'dropped', FREE, 0)
    for (let n = 0; n < 2; n += 1) table.begin('key', 0)
    expect(table.secondsLeft('key', FREE, 0)).toBeUndefined()
    table.begin('key', 0)
    expect(table.secondsLeft('key', FREE, 0)).toBe(1)
  })

  test('that was never begun is nobody’s', () => {
    const table = createBackOff()
    for (let n = 0; n < 9; n += 1) table.end('key', 'failed', FREE, 0)
    expect(table.secondsLeft('key', FREE, 0)).toBeUndefined()
  })
})

describe('what is forgiven', () => {
  test('all failures, by a success', () => {
    const table = after([...Array<Ending>(9).fill('failed'), 'succeeded'])
    expect(table.secondsLeft('key', FREE, 0)).toBeUndefined()
    for (let n = 0; n < 2; n += 1) {
      table.begin('key', 0)
      table.end('key', 'failed', FREE, 0)
      expect(table.secondsLeft('key', FREE, 0)).toBeUndefined()
    }
  })

  test('nothing, by what was dropped', () => {
    expect(after(['failed', 'failed', 'failed', 'dropped']).secondsLeft('key', FREE, 0)).toBe(1)
  })

  test.each([
    ['an hour', HOUR_MS, undefined],
    ['almost an hour', HOUR_MS - 1, 1],
    ['a clock that was set back by an hour', -HOUR_MS, undefined],
  ])('what is %s old: the next failure waits for %s ms', (_, nowMs, seconds) => {
    const table = failed(2)
    table.begin('key', nowMs)
    table.end('key', 'failed', FREE, nowMs)
    expect(table.secondsLeft('key', FREE, nowMs)).toBe(seconds)
  })

  test('not what began meanwhile: a failure under way keeps those before', () => {
    const table = failed(2)
    table.begin('key', HOUR_MS - 1)
    expect(table.secondsLeft('key', FREE, 2 * HOUR_MS)).toBe(1)
    table.end('key', 'failed', FREE, 2 * HOUR_MS)
    expect(table.secondsLeft('key', FREE, 2 * HOUR_MS)).toBe(1)
  })

  test('a wait that a clock set back would make longer than the longest', () => {
    expect(failed(12).secondsLeft('key', FREE, -1)).toBeUndefined()
    expect(failed(11).secondsLeft('key', FREE, -44_000)).toBe(300)
  })
})

describe('of 50,000 keys', () => {
  function failing(times: number, table = createBackOff(), key = 'key') {
    for (let n = 0; n < times; n += 1) {
      table.begin(key, 0)
      table.end(key, 'failed', FREE, 0)
    }
    return table
  }

  test('the oldest goes when there is one more, and no other', () => {
    const table = failing(3, createBackOff(), 'first')
    failing(3, table, 'second')
    for (let index = 2; index < 50_000; index += 1) {
      table.begin(`key ${index}`, 0)
      table.end(`key ${index}`, 'failed', FREE, 0)
    }
    expect(table.secondsLeft('first', FREE, 0)).toBe(1)
    failing(1, table, 'one more')
    expect(table.secondsLeft('first', FREE, 0)).toBeUndefined()
    expect(table.secondsLeft('second', FREE, 0)).toBe(1)
  })

  test('a success takes a key out, so that good ones push nobody out', () => {
    const table = failing(3, createBackOff(), 'first')
    for (let index = 0; index < 60_000; index += 1) {
      table.begin(`key ${index}`, 0)
      table.end(`key ${index}`, 'succeeded', FREE, 0)
    }
    expect(table.secondsLeft('first', FREE, 0)).toBe(1)
  })
})
