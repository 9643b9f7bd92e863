export type BoundedMap<Key, Value> = Pick<Map<Key, Value>, 'get' | 'delete' | 'clear'> & {
  /** Makes the entry the newest. */
  set(key: Key, value: Value): void
}

/** A map that lets its oldest entry go when it is full. */
export function createBoundedMap<Key, Value>(sizeMax: number): BoundedMap<Key, Value> {
  const entries = new Map<Key, Value>()
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      if (!entries.delete(key) && entries.size >= sizeMax) {
        // Maps keep insertion order: the first is the oldest. An iterator that is kept would find it sooner, and keep
        // every table that the map has outgrown: 1.5 GB after twenty million entries.
        const [oldest] = entries.keys()
        entries.delete(oldest as Key)
      }
      entries.set(key, value)
    },
    delete: (key) => entries.delete(key),
    clear: () => entries.clear(),
  }
}
