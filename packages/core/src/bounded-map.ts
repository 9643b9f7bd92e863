import { createHand } from './hand.ts'

export type BoundedMap<Key, Value> = Pick<Map<Key, Value>, 'get' | 'delete' | 'clear' | 'size'> & {
  /** Makes the entry the newest. */
  set(key: Key, value: Value): void
  /** Takes the oldest entry out; undefined: there is none. */
  takeOldest(): Value | undefined
}

/** A map that lets its oldest entry go when it is full. */
export function createBoundedMap<Key, Value>(sizeMax: number): BoundedMap<Key, Value> {
  const entries = new Map<Key, Value>()
  const hand = createHand<Key>({ map: entries, iterate: () => entries.keys() })

  function takeOldest(): Value | undefined {
    if (entries.size === 0) return undefined
    const key = hand.next()
    const value = entries.get(key)
    entries.delete(key)
    return value
  }

  return {
    get: (key) => entries.get(key),
    set(key, value) {
      if (!entries.delete(key) && entries.size >= sizeMax) takeOldest()
      entries.set(key, value)
      hand.noteSet()
    },
    delete: (key) => entries.delete(key),
    takeOldest,
    clear() {
      entries.clear()
      hand.begin()
    },
    get size() {
      return entries.size
    },
  }
}
