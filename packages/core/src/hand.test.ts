import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test, vi } from 'vitest'
import { aLoadedKey } from '../test/verifiable-key.ts'
import { createBoundedMap } from './bounded-map.ts'
import { createFairQueue } from './fair-queue.ts'
import { createHand } from './hand.ts'
import type { KeyId } from './ids.ts'
import { createKeyCache } from './key-cache.ts'
import { createLimiter } from './limiter.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test('a hand goes on where it was, and finds what is set behind it', () => {
  const map = new Map<number, string>()
  const hand = createHand<string>({ map, iterate: () => map.values() })
  for (const [at, text] of ['a', 'b', 'c'].entries()) map.set(at, text)
  expect([hand.next(), hand.next()]).toEqual(['a', 'b'])
  map.delete(0)
  map.delete(1)
  map.set(3, 'd')
  expect([hand.next(), hand.next()]).toEqual(['c', 'd'])
})

test('begun anew it goes on where it was, too', () => {
  const map = new Map<number, number>()
  const hand = createHand<number>({ map, iterate: () => map.values() })
  const seen: unknown[] = []
  for (let at = 0; at < 10_000; at++) {
    map.set(at, at)
    hand.noteSet()
    if (at < 100) continue
    const next = hand.next()
    seen.push(next)
    map.delete(next!)
  }
  expect(seen).toEqual(Array.from({ length: 9_900 }, (_, at) => at))
})

/** Of what was there while the map outgrew its tables, and is gone. */
type Disturbed = { set(at: number): object; forget(at: number): void; clear(): void }

const keys = createKeyCache(100_000)
const entries = createBoundedMap<number, object>(100_000)
const CACHES: readonly (readonly [string, Disturbed])[] = [
  [
    'the key cache',
    {
      set(at) {
        const loaded = aLoadedKey(at)
        keys.publish(loaded)
        return loaded.key
      },
      forget: (at) => keys.drop({ scope: 'key', id: `key_${at}` as KeyId }),
      clear: keys.clear,
    },
  ],
  [
    'a bounded map',
    {
      set(at) {
        const value = { at }
        entries.set(at, value)
        return value
      },
      forget: (at) => void entries.delete(at),
      clear: entries.clear,
    },
  ],
]

/** Sets some, has others come and go beside them, has them go, and others again. */
function left({ set, forget, clear }: Disturbed, isCleared: boolean): WeakRef<object>[] {
  const refs = Array.from({ length: 100 }, (_, at) => new WeakRef(set(at)))
  const comeAndGo = (from: number) => {
    for (let at = from; at < from + 5_000; at++) {
      set(at)
      forget(at)
    }
  }
  comeAndGo(100)
  for (let at = 0; at < 100; at++) forget(at)
  if (isCleared) clear()
  else comeAndGo(100)
  return refs
}

test.each(CACHES)('what %s has forgotten is not kept, though it is not full', async (_name, cache) => {
  for (const isCleared of [false, true]) {
    const refs = left(cache, isCleared)
    // What was looked at in this turn is kept until its end.
    await new Promise(setImmediate)
    collect()
    expect(refs.filter((ref) => ref.deref() !== undefined)).toEqual([])
  }
})

const SIZE = 1_000

/** Full ones: each call has the one go that is next, and another one come. */
const FULL: readonly (readonly [string, () => (at: number) => void])[] = [
  [
    'a bounded map',
    () => {
      const map = createBoundedMap<number, number>(SIZE)
      return (at) => map.set(at, at)
    },
  ],
  [
    'the key cache',
    () => {
      const cache = createKeyCache(SIZE)
      return (at) => cache.publish(aLoadedKey(at))
    },
  ],
  [
    'a limiter',
    () => {
      const ask = async () => ({ balances: [] }) as never
      const limiter = createLimiter({ ask, now: () => 0, betweenMs: () => 0, defer: () => {} }, SIZE)
      return (at) => void limiter.charge(`key_${at}`, [], 1)
    },
  ],
  [
    'a fair queue',
    () => {
      const queue = createFairQueue<number>({ waitingMax: SIZE, waitingOfPartyMax: 1 })
      return (at) => {
        if (at >= SIZE) queue.take()
        queue.push({ party: `${at}` }, at)
      }
    },
  ],
]

test.each(FULL)('%s does not look for the next one from the start each time', (_name, create) => {
  const replace = create()
  for (let at = 0; at < SIZE; at++) replace(at)
  const names = ['keys', 'values', 'entries', Symbol.iterator] as const
  const walks = names.map((name) => vi.spyOn(Map.prototype, name as 'keys'))
  for (let at = SIZE; at < 3 * SIZE; at++) replace(at)
  const begun = (walks.flatMap((walk) => walk.mock.contexts) as ReadonlyMap<unknown, unknown>[]).filter(
    ({ size }) => size > 1,
  )
  for (const walk of walks) walk.mockRestore()
  expect(begun.length).toBeLessThan(10)
})
