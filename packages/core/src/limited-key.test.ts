import { describe, expect, test } from 'vitest'
import { cellOf, type Limit } from './limit.ts'
import { type Account, decideAsk, type LimitAsk, NEW_ACCOUNT } from './limit-account.ts'
import { createLimitedKey } from './limited-key.ts'

const MINUTE: Limit = { name: 'minute', max: 30, span: 60 }
const DAY: Limit = { name: 'day', max: 1_000, span: 'day' }
const START_MS = Date.UTC(2026, 10, 20, 12)

/** A key beside an authority that answers at once; what it was asked is told in short. */
function createWorld() {
  const world = { nowMs: START_MS, asked: [] as string[], isDown: false, account: NEW_ACCOUNT as Account }
  const key = createLimitedKey<number>('key', {
    async ask(_keyId: string, ask: LimitAsk) {
      const wants = ask.wants.map(
        ({ limit, needed, least, block, held }) =>
          `${limit.name}: ${needed} needed, ${least} least, ${block} more, ${held} held`,
      )
      const returns = ask.returns.map(({ name, units }) => `${name}: ${units} back`)
      world.asked.push(...wants, ...returns)
      if (world.isDown) throw new Error('no answer')
      const { account, answer } = decideAsk(world.account, ask, world.nowMs)
      world.account = account
      return answer
    },
    now: () => world.nowMs,
    betweenMs: (moment, now) => now - moment,
    defer: queueMicrotask,
  })
  /** Charges until it need not ask. */
  async function charge(cost: number, limits: readonly Limit[] = [MINUTE]) {
    for (;;) {
      const charged = key.charge(limits, cost)
      if (!(charged instanceof Promise)) return charged
      await charged
    }
  }
  const takeAsked = () => world.asked.splice(0)
  const usedOf = (name: string) => world.account.counts.get(name)?.current
  return { world, key, charge, takeAsked, usedOf }
}

/** Whatever was asked for in advance has come. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('those who come in one turn are asked for together', () => {
  test.each<[string, readonly number[], string]>([
    ['one', [1], 'minute: 1 needed, 1 least, 8 more, 0 held'],
    ['the least of them first', [2, 3], 'minute: 5 needed, 2 least, 8 more, 0 held'],
    ['the least of them last', [3, 2], 'minute: 5 needed, 2 least, 8 more, 0 held'],
    ['one who only looks takes nothing', [0], 'minute: 0 needed, 0 least, 0 more, 0 held'],
    ['one who only looks, after', [3, 0], 'minute: 3 needed, 3 least, 8 more, 0 held'],
    ['one who only looks, before', [0, 3], 'minute: 3 needed, 3 least, 8 more, 0 held'],
  ])('%s', async (_what, costs, asked) => {
    const { key, takeAsked } = createWorld()
    await Promise.all(costs.map((cost) => key.charge([MINUTE], cost)))
    expect(takeAsked()).toEqual([asked])
  })

  test('and whoever comes while they are waits for that', async () => {
    const { world, key, takeAsked } = createWorld()
    const first = key.charge([MINUTE], 1)
    while (world.asked.length === 0) await Promise.resolve()
    expect(key.isAsking).toBe(true)
    takeAsked()
    expect(key.charge([MINUTE], 5)).toBe(first)
    await first
    expect([takeAsked(), key.isAsking]).toEqual([[], false])
  })
})

describe('a charge', () => {
  test('takes all limits down, and says what is left of each', async () => {
    const { charge, usedOf } = createWorld()
    const charged = await charge(3, [MINUTE, DAY])
    expect(charged).toMatchObject({ limitedBy: null, retryAfterSeconds: null })
    expect(charged.states.map(({ name, remaining }) => [name, remaining])).toEqual([
      ['minute', 27],
      ['day', 997],
    ])
    expect([usedOf('minute'), usedOf('day')]).toEqual([11, 11])
  })

  test('by one of several that is full takes none of them down', async () => {
    const { charge, key, usedOf } = createWorld()
    await charge(30, [MINUTE])
    const refused = await charge(1, [DAY, MINUTE])
    expect(refused).toMatchObject({ limitedBy: 'minute', retryAfterSeconds: 62 })
    expect(refused.states.map(({ name, remaining }) => [name, remaining])).toEqual([
      ['day', 1_000],
      ['minute', 0],
    ])
    await key.giveBack()
    expect(usedOf('day')).toBe(0)
  })

  test('of several that are full names the first, and the longest wait', async () => {
    const { charge } = createWorld()
    const few = [MINUTE, { ...DAY, max: 30 }]
    await charge(30, few)
    expect(await charge(1, few)).toMatchObject({ limitedBy: 'minute', retryAfterSeconds: 12 * 3_600 })
  })

  test.each([
    ['a wait of less than a second is one', 59_999, 1],
    ['any other is rounded up', 58_500, 2],
  ])('%s', async (_what, intoMs, seconds) => {
    const { world, charge } = createWorld()
    world.nowMs = cellOf('day', START_MS).endMs - 60_000 + intoMs
    const once = [{ ...DAY, max: 1 }]
    await charge(1, once)
    expect(await charge(1, once)).toMatchObject({ limitedBy: 'day', retryAfterSeconds: seconds })
  })

  test('of more than there ever are has no wait that would help', async () => {
    const { charge } = createWorld()
    expect(await charge(31)).toMatchObject({ limitedBy: 'minute', retryAfterSeconds: null })
  })

  test('is broken when the authority does not answer, and made anew after', async () => {
    const { world, charge } = createWorld()
    world.isDown = true
    await expect(charge(1)).rejects.toThrow('no answer')
    world.isDown = false
    expect((await charge(1)).limitedBy).toBeNull()
  })
})

describe('what is at hand', () => {
  test('is got anew before it is used up: when fewer are there than half of it', async () => {
    const { charge, takeAsked } = createWorld()
    await charge(1, [DAY])
    takeAsked()
    for (let n = 0; n < 4; n++) await charge(1, [DAY])
    await settled()
    expect(takeAsked()).toEqual([])
    await charge(1, [DAY])
    await settled()
    expect(takeAsked()).toEqual(['day: 0 needed, 0 least, 16 more, 3 held'])
    // Half of 19.
    for (let n = 0; n < 10; n++) await charge(1, [DAY])
    await settled()
    expect(takeAsked()).toEqual([])
    await charge(1, [DAY])
    await settled()
    expect(takeAsked()).toEqual(['day: 0 needed, 0 least, 32 more, 8 held'])
  })

  test('is not got anew by who only looks', async () => {
    const { charge, takeAsked } = createWorld()
    await charge(6, [DAY])
    await charge(5, [DAY])
    await settled()
    takeAsked()
    await charge(0, [DAY])
    await settled()
    expect(takeAsked()).toEqual([])
  })

  test('serves those who wait for more', async () => {
    const { charge, takeAsked } = createWorld()
    await charge(1, [DAY])
    takeAsked()
    await charge(11, [DAY])
    expect(takeAsked()[0]).toBe('day: 3 needed, 3 least, 16 more, 0 held')
  })

  test('of a limit that is another now is given back, and that is asked for', async () => {
    const { charge, takeAsked } = createWorld()
    await charge(1)
    takeAsked()
    await charge(1, [{ ...MINUTE, max: 20 }])
    expect(takeAsked()).toEqual(['minute: 1 needed, 1 least, 16 more, 0 held', 'minute: 8 back'])
  })

  test('of a cell that is over is given back, and not used', async () => {
    const { world, charge, takeAsked, usedOf } = createWorld()
    await charge(1)
    takeAsked()
    world.nowMs += 60_000
    await charge(1)
    expect(takeAsked()).toEqual(['minute: 1 needed, 1 least, 8 more, 0 held', 'minute: 8 back'])
    expect(usedOf('minute')).toBe(9)
  })

  test('is given back once, after what is under way has come', async () => {
    const { key, charge, takeAsked, usedOf } = createWorld()
    const charging = key.charge([MINUTE], 1)
    await key.giveBack()
    await charging
    expect(takeAsked()).toEqual(['minute: 1 needed, 1 least, 8 more, 0 held', 'minute: 9 back'])
    expect(usedOf('minute')).toBe(0)
    await key.giveBack()
    expect(takeAsked()).toEqual([])
    await charge(9)
    await key.giveBack()
    expect(takeAsked().at(-1)).toBe('minute: 7 back')
  })
})
