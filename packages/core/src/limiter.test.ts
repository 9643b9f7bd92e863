import { expect, test } from 'vitest'
import type { Limit } from './limit.ts'
import { type Account, decideAsk, type LimitAsk, NEW_ACCOUNT } from './limit-account.ts'
import { createLimiter } from './limiter.ts'

const LIMITS: readonly Limit[] = [{ name: 'day', max: 1_000, span: 'day' }]

/** A limiter beside an authority that answers at once, unless it is told to wait. */
function createWorld(keysMax?: number) {
  const world = {
    nowMs: Date.UTC(2026, 10, 20, 12),
    isDown: false,
    wait: undefined as Promise<void> | undefined,
  }
  const accounts = new Map<string, Account>()
  const returned: string[] = []
  const limiter = createLimiter<number>(
    {
      async ask(keyId: string, ask: LimitAsk) {
        if (world.wait !== undefined) await world.wait
        if (world.isDown) throw new Error('no answer')
        const { account, answer } = decideAsk(accounts.get(keyId) ?? NEW_ACCOUNT, ask, world.nowMs)
        accounts.set(keyId, account)
        if (ask.returns.length > 0) returned.push(keyId)
        return answer
      },
      now: () => world.nowMs,
      betweenMs: (moment, now) => now - moment,
      defer: queueMicrotask,
    },
    keysMax,
  )
  const use = async (keyId: string) => {
    const charged = limiter.charge(keyId, LIMITS, 1)
    if (!(charged instanceof Promise)) return
    await charged
    limiter.charge(keyId, LIMITS, 1)
  }
  const usedOf = (keyId: string) => accounts.get(keyId)?.counts.get('day')?.current
  return { world, limiter, returned, use, usedOf }
}

/** Whatever is given back has been. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('what a key had at hand is given back when nobody used it for more than half a minute, not before', async () => {
  const { world, limiter, returned, use, usedOf } = createWorld()
  await use('idle')
  world.nowMs += 1
  await use('used')
  world.nowMs += 29_999
  limiter.sweep()
  await settled()
  expect(returned).toEqual([])
  world.nowMs += 1
  limiter.sweep()
  await settled()
  expect(returned).toEqual(['idle'])
  expect([usedOf('idle'), usedOf('used')]).toEqual([1, 9])
})

test('a key that is asked about is not swept, whenever it was used', async () => {
  const { world, limiter, returned, use } = createWorld()
  const waiting = Promise.withResolvers<void>()
  world.wait = waiting.promise
  const asked = use('asked')
  await settled()
  world.nowMs += 30_001
  limiter.sweep()
  waiting.resolve()
  await asked
  await settled()
  expect(returned).toEqual([])
})

test('for one key more than fit the oldest is given back; one that is asked about is as if it had come just now', async () => {
  const { world, limiter, returned, use, usedOf } = createWorld(3)
  const waiting = Promise.withResolvers<void>()
  world.wait = waiting.promise
  const oldest = use('oldest')
  await settled()
  world.wait = undefined
  for (const keyId of ['k1', 'k2']) await use(keyId)
  expect(returned).toEqual([])
  await use('one more')
  await settled()
  expect([returned, usedOf('k1'), usedOf('k2')]).toEqual([['k1'], 1, 9])
  waiting.resolve()
  await oldest
  // Asked for anew, for it was let go.
  await use('k1')
  await settled()
  expect([returned, usedOf('k1')]).toEqual([['k1', 'k2'], 10])
  await use('k3')
  await settled()
  expect(returned).toEqual(['k1', 'k2', 'oldest'])
  await limiter.stop()
})

test('where all are asked about none is given back, and their room is made when they are answered', async () => {
  const { world, returned, use } = createWorld(20)
  const waiting = Promise.withResolvers<void>()
  world.wait = waiting.promise
  const asked = Array.from({ length: 40 }, (_, at) => use(`k${at}`))
  await settled()
  waiting.resolve()
  await Promise.all(asked)
  expect(returned).toEqual([])
  for (const keyId of ['one', 'more']) await use(keyId)
  await settled()
  // Sixteen are looked at for the first, and six have to go for the second.
  expect(new Set(returned).size).toBe(22)
})

test('a limiter that stops gives everything back, and says so when it could not', async () => {
  const { world, limiter, returned, use, usedOf } = createWorld()
  for (const keyId of ['a', 'b']) await use(keyId)
  await limiter.stop()
  expect([returned, usedOf('a'), usedOf('b')]).toEqual([['a', 'b'], 1, 1])
  await limiter.stop()
  expect(returned).toEqual(['a', 'b'])
  await use('c')
  world.isDown = true
  await expect(limiter.stop()).rejects.toThrow('no answer')
})

test('what cannot be given back by a sweep is nobody’s error', async () => {
  const { world, limiter, use } = createWorld()
  await use('idle')
  world.nowMs += 30_001
  world.isDown = true
  limiter.sweep()
  await settled()
  world.isDown = false
  await expect(limiter.stop()).resolves.toBeUndefined()
})
