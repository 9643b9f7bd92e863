import { type Address, parseAddress } from '@latchkey/core/address'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Ending } from './back-off.ts'
import { createSignInLimits, type SignInLimits } from './sign-in-limits.ts'

const HOUR_MS = 60 * 60 * 1_000
/** So many for a network that only a name at a network counts. */
const MANY = 1_000_000

let limits: SignInLimits
beforeEach(() => {
  limits = createSignInLimits(MANY)
})

/** An address of its own for each number. */
const from = (value: number): Address => ({ family: 4, value })

type Who = { readonly name?: string; readonly address?: Address; readonly isKnown?: boolean }
const begin = (who: Who = {}, nowMs = 0) =>
  limits.begin({ name: 'ada', address: from(1), isKnown: false, ...who }, nowMs)

function end(ending: Ending, times: number, who: Who = {}, nowMs = 0): void {
  for (let n = 0; n < times; n += 1) begin(who, nowMs).end(ending)
}

/** The seconds that whoever comes now is told to wait; 0: none. */
function waits(who: Who = {}, nowMs = 0): number {
  try {
    begin(who, nowMs).end('dropped')
    return 0
  } catch (error) {
    expect(error).toMatchObject({ code: 'rate_limited', detail: expect.stringContaining('wait') })
    return (error as { retryAfterSeconds: number }).retryAfterSeconds
  }
}

/** So many wrong passwords for `ada`, each from a network of its own. */
function strangers(times: number, nowMs = 0): void {
  for (let n = 0; n < times; n += 1) begin({ address: from(1_000 + n) }, nowMs).end('failed')
}

describe('a name at a network', () => {
  test.each([
    ['a stranger', false, 5],
    ['a user who signed in there before', true, 50],
  ])('%s: wrong passwords that are free', (_, isKnown, free) => {
    end('failed', free, { isKnown })
    expect(waits({ isKnown })).toBe(0)
    end('failed', 1, { isKnown })
    expect(waits({ isKnown })).toBe(1)
  })

  test('a stranger’s failures hold up neither the user there, nor other names, nor other networks', () => {
    end('failed', 6)
    expect(waits()).toBe(1)
    for (const who of [{ isKnown: true }, { name: 'bob' }, { address: from(2) }]) expect(waits(who)).toBe(0)
  })

  test('the user’s failures do not hold up strangers, and are not guessing', () => {
    for (let n = 0; n < 60; n += 1) end('failed', 1, { isKnown: true, address: from(n) })
    expect(waits()).toBe(0)
    end('failed', 1)
    expect(waits()).toBe(0)
  })

  test('a success forgives its failures', () => {
    end('failed', 5)
    end('succeeded', 1)
    end('failed', 5)
    expect(waits()).toBe(0)
  })

  test('an attempt is counted once, however often it ends', () => {
    for (let n = 0; n < 5; n += 1) {
      const open = begin()
      for (const ending of ['failed', 'failed', 'dropped', 'succeeded'] as const) open.end(ending)
    }
    end('failed', 1)
    expect(waits()).toBe(1)
  })

  test('as many as are free may be under way at once', () => {
    const open = Array.from({ length: 6 }, () => begin())
    expect(() => begin()).toThrow('Too many wrong passwords')
    for (const one of open) one.end('dropped')
    expect(waits()).toBe(0)
  })
})

describe('a name that is guessed at from many networks', () => {
  test('after fifty, each new one has a single try, and waits the longest after it', () => {
    strangers(49)
    end('failed', 2, { address: from(7) })
    expect(waits({ address: from(7) })).toBe(300)
    expect(waits({ address: from(8) })).toBe(0)
    end('failed', 1, { address: from(8) })
    expect(waits({ address: from(8) })).toBe(300)
  })

  test('after forty-nine, each has five', () => {
    strangers(44)
    end('failed', 5)
    expect(waits()).toBe(0)
  })

  test('other names are not held up by it, nor the user where it is known', () => {
    strangers(60)
    end('failed', 5, { name: 'bob' })
    end('failed', 50, { isKnown: true })
    expect(waits({ name: 'bob' })).toBe(0)
    expect(waits({ isKnown: true })).toBe(0)
  })

  test.each([
    ['for an hour from the first of them', HOUR_MS - 1, 300],
    ['and not longer', HOUR_MS, 0],
    ['nor after the clock was set back by an hour', -HOUR_MS, 0],
    ['and while it is set back by less', 1 - HOUR_MS, 300],
  ])('%s', (_, nowMs, seconds) => {
    strangers(50)
    end('failed', 1, { address: from(9) }, nowMs)
    expect(waits({ address: from(9) }, nowMs)).toBe(seconds)
  })

  test('only wrong passwords are guesses', () => {
    for (const ending of ['dropped', 'succeeded'] as const) {
      for (let n = 0; n < 60; n += 1) end(ending, 1, { address: from(n) })
    }
    end('failed', 5)
    expect(waits()).toBe(0)
  })

  test('of 50,000 names the one that was guessed at last is kept', () => {
    strangers(50)
    for (let n = 1; n < 50_000; n += 1) end('failed', 1, { name: `name ${n}`, address: from(100_000 + n) })
    strangers(1)
    end('failed', 1, { name: 'one more', address: from(99) })
    end('failed', 1, { address: from(9) })
    expect(waits({ address: from(9) })).toBe(300)
  })
})

describe('a network at whatever names', () => {
  /** Wrong passwords at so many names from one address. */
  const guess = (times: number, address: Address, ending: Ending = 'failed') => {
    for (let n = 0; n < times; n += 1) end(ending, 1, { name: `name ${n}`, address })
  }
  const waitsAt = (address: Address, isKnown = false) => waits({ name: 'somebody else', address, isKnown })

  test.each([
    [1, 5],
    [23, 5],
    [24, 6],
    [27, 6],
    [28, 7],
  ])('of %i failed credentials a minute, %i wrong passwords are free', (perMinuteMax, free) => {
    limits = createSignInLimits(perMinuteMax)
    guess(free, from(1))
    expect(waitsAt(from(1))).toBe(0)
    guess(1, from(1))
    expect(waitsAt(from(1))).toBe(1)
    expect(waitsAt(from(1), true)).toBe(0)
    expect(waitsAt(from(2))).toBe(0)
  })

  test('gets no new tries by a password of its own', () => {
    limits = createSignInLimits(20)
    guess(5, from(1))
    guess(5, from(1), 'succeeded')
    guess(1, from(1))
    expect(waitsAt(from(1))).toBe(1)
  })

  test('an IPv6 site has four times as many, from all of its networks together', () => {
    limits = createSignInLimits(20)
    const inSite = (n: number) => parseAddress(`2001:db8:1:${n}::7`)!
    for (let n = 0; n < 20; n += 1) guess(1, inSite(n))
    expect(waitsAt(inSite(99))).toBe(0)
    guess(1, inSite(20))
    expect(waitsAt(inSite(99))).toBe(1)
    expect(waitsAt(parseAddress('2001:db8:2::7')!)).toBe(0)
  })
})
