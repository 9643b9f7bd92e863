/** The tables that guessing is counted in, and the queue of hashes: bounded, and fair where they are full. */

import { parseAddress } from '@latchkey/core/address'
import { describe, expect, test } from 'vitest'
import { createBackOff } from '../../src/auth/back-off.ts'
import { createHashQueue } from '../../src/auth/hash-queue.ts'
import { createSignInLimits } from '../../src/auth/sign-in-limits.ts'
import { siteOf, sourceOf } from '../../src/auth/source.ts'

const HOUR_MS = 3_600_000

describe('waiting after failures', () => {
  const FREE = 5
  function failing(times: number, table = createBackOff(), key = 'key') {
    for (let index = 0; index < times; index += 1) {
      table.begin(key, 0)
      table.end(key, 'failed', FREE, 0)
    }
    return table
  }

  test('beyond 50,000 keys the oldest goes, and no other', () => {
    const table = failing(6, createBackOff(), 'first')
    failing(6, table, 'second')
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
    const table = failing(6, createBackOff(), 'first')
    for (let index = 0; index < 60_000; index += 1) {
      table.begin(`key ${index}`, 0)
      table.end(`key ${index}`, 'succeeded', FREE, 0)
    }
    expect(table.secondsLeft('first', FREE, 0)).toBe(1)
  })

  test('those under way count, until they end', () => {
    const table = failing(5)
    table.begin('key', 0)
    expect(table.secondsLeft('key', FREE, 0)).toBe(1)
    table.end('key', 'dropped', FREE, 0)
    expect(table.secondsLeft('key', FREE, 0)).toBeUndefined()
  })

  test('what was dropped leaves no trace', () => {
    const table = createBackOff()
    for (let index = 0; index < 100; index += 1) {
      table.begin('key', 0)
      table.end('key', 'dropped', FREE, 0)
    }
    expect(failing(5, table).secondsLeft('key', FREE, 0)).toBeUndefined()
  })

  test('a success while others are under way forgives what was before, not them', () => {
    const table = failing(5)
    table.begin('key', 0)
    table.begin('key', 0)
    table.end('key', 'succeeded', FREE, 0)
    table.end('key', 'failed', FREE, 0)
    expect(failing(4, table).secondsLeft('key', FREE, 0)).toBeUndefined()
    expect(failing(1, table).secondsLeft('key', FREE, 0)).toBe(1)
  })

  test.each([
    ['an hour on', HOUR_MS, undefined],
    ['almost an hour on', HOUR_MS - 1, undefined],
    ['at once', 0, 300],
    ['a clock that was set back by a minute', -60_000, undefined],
    ['a clock that was set back by a year', -365 * 24 * HOUR_MS, undefined],
  ])('%s', (_, nowMs, seconds) => {
    expect(failing(30).secondsLeft('key', FREE, nowMs)).toBe(seconds)
  })

  test('a clock that is set back makes nobody wait longer than the longest', () => {
    expect(failing(7).secondsLeft('key', FREE, -1_000)).toBe(3)
    expect(failing(30).secondsLeft('key', FREE, -1_000)).toBeUndefined()
  })
})

describe('what is counted together', () => {
  const source = (text: string) => sourceOf(parseAddress(text))

  test.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['2001:db8::1', '2001:db8::ffff:ffff', true],
    ['2001:db8:0:1::1', '2001:db8::1', false],
  ])('%s and %s: %s', (one, other, isSame) => {
    expect(source(one) === source(other)).toBe(isSame)
  })

  test.each([
    ['2001:db8:1:1::1', '2001:db8:1:ffff::1', true],
    ['2001:db8:1:1::1', '2001:db8:2:1::1', false],
    ['2001:db8::1', '2001:db9::1', false],
  ])('the sites of %s and %s: %s', (one, other, isSame) => {
    expect(siteOf(source(one)) === siteOf(source(other))).toBe(isSame)
  })

  test('IPv4 addresses and unknown ones have no site; unknown ones are one source', () => {
    expect(siteOf(source('192.0.2.1'))).toBeUndefined()
    expect(siteOf(sourceOf(undefined))).toBeUndefined()
    expect(sourceOf(undefined)).toBe(sourceOf(undefined))
  })
})

describe('an attempt', () => {
  const attempt = { name: 'ada@example.com', source: '4:1', isKnown: false }

  test('is counted once, however often it ends', () => {
    const limits = createSignInLimits(1_000_000)
    for (let index = 0; index < 5; index += 1) {
      const open = limits.begin(attempt, 0)
      for (const ending of ['failed', 'failed', 'dropped', 'succeeded'] as const) open.end(ending)
    }
    limits.begin(attempt, 0).end('failed')
    expect(() => limits.begin(attempt, 0)).toThrow('Too many wrong passwords')
  })

  test.each([
    [1, 5],
    [100, 25],
    [1_000_000, 250_000],
  ])(
    'of %i failed credentials a minute, %i wrong passwords are free for an address',
    (perMinuteMax, free) => {
      const limits = createSignInLimits(perMinuteMax)
      const one = (index: number) => limits.begin({ ...attempt, name: `name ${index}` }, 0)
      const tried = Math.min(free, 100)
      for (let index = 0; index <= tried; index += 1) one(index).end('failed')
      const next = () => one(tried + 1).end('dropped')
      if (free === tried) expect(next).toThrow('Too many wrong passwords')
      else expect(next).not.toThrow()
    },
  )

  test('beyond 50,000 names guessed at, the oldest is forgotten', () => {
    const limits = createSignInLimits(1_000_000)
    const failed = (name: string, source: string) =>
      limits.begin({ name, source, isKnown: false }, 0).end('failed')
    for (let index = 0; index < 50; index += 1) failed('first', `4:${index}`)
    const waits = (source: string) => {
      failed('first', source)
      expect(() => failed('first', source)).toThrow('Too many')
    }
    waits('4:1000')
    for (let index = 0; index < 50_000; index += 1) failed(`name ${index}`, `4:${100_000 + index}`)
    failed('first', '4:1001')
    expect(() => failed('first', '4:1001')).not.toThrow()
  })
})

describe('the queue of hashes', () => {
  /** Work that ends when it is told to. */
  function createWork(order: string[]) {
    const gates = new Map<string, () => void>()
    return {
      start: (name: string) => () =>
        new Promise<void>((resolve) => {
          order.push(name)
          gates.set(name, resolve)
        }),
      end: (name: string) => gates.get(name)?.(),
    }
  }
  const turn = (source: string, isKnown = false) => ({ source, isKnown })
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

  test('runs two at a time; the known go before strangers, each in order', async () => {
    const [run, order] = [createHashQueue(), [] as string[]]
    const work = createWork(order)
    const ask = (name: string, isKnown: boolean) => void run(turn(name, isKnown), work.start(name))
    for (const name of ['a', 'b', 'c', 'd']) ask(name, false)
    for (const name of ['K', 'L']) ask(name, true)
    expect(order).toEqual(['a', 'b'])
    for (const name of ['a', 'b', 'K', 'L', 'c', 'd']) {
      work.end(name)
      await settle()
    }
    expect(order).toEqual(['a', 'b', 'K', 'L', 'c', 'd'])
  })

  test('fifty strangers may wait, and fifty who are known beside them', async () => {
    const [run, work] = [createHashQueue(), createWork([])]
    const ask = (index: number, isKnown: boolean) => {
      const asked = run(turn(`${isKnown} ${index}`, isKnown), work.start(`${isKnown} ${index}`))
      return asked.then(
        () => 'done',
        (error: { code: string }) => error.code,
      )
    }
    const strangers = Array.from({ length: 53 }, (_, index) => ask(index, false))
    expect(await strangers[52]).toBe('unavailable')
    const known = Array.from({ length: 51 }, (_, index) => ask(index, true))
    expect(await known[50]).toBe('unavailable')
  })

  test('ten of one source may wait', async () => {
    const [run, work] = [createHashQueue(), createWork([])]
    const asked = Array.from({ length: 13 }, (_, index) => run(turn('4:1'), work.start(`${index}`)))
    await expect(asked[12]).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
    const other = run(turn('4:2'), work.start('other'))
    expect(await Promise.race([other.catch(() => 'refused'), settle().then(() => 'waits')])).toBe('waits')
  })

  test('goes on after work that failed', async () => {
    const run = createHashQueue()
    const fail = () => run(turn('4:1'), () => Promise.reject(new Error('no memory')))
    await expect(Promise.all([fail(), fail(), fail()])).rejects.toThrow('no memory')
    expect(await run(turn('4:1'), async () => 'done')).toBe('done')
  })
})
