import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { aLoadedKey } from '../test/verifiable-key.ts'
import { createBoundedMap } from './bounded-map.ts'
import { createHand } from './hand.ts'
import type { KeyId } from './ids.ts'
import { createKeyCache } from './key-cache.ts'

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
