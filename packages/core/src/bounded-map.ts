export type BoundedMap<Key, Value> = Pick<Map<Key, Value>, 'get' | 'delete' | 'clear' | 'size'> & {
  /** Makes the entry the newest. */
  set(key: Key, value: Value): void
  /** Takes the oldest entry out; undefined: there is none. */
  takeOldest(): Value | undefined
}

/** An entry between the one set before it and the one set after it. */
type Entry<Key, Value> = {
  readonly key: Key
  readonly value: Value
  older: Entry<Key, Value> | undefined
  newer: Entry<Key, Value> | undefined
}

/**
 * A map that lets its oldest entry go when it is full. The entries know their neighbours, for a Map does not find its
 * first key at once: from the start it walks over the places of all that are gone, 15 µs of a full map of 20,000; and an
 * iterator that is kept keeps every table that the map has outgrown, 1.5 GB after twenty million entries.
 */
export function createBoundedMap<Key, Value>(sizeMax: number): BoundedMap<Key, Value> {
  const entries = new Map<Key, Entry<Key, Value>>()
  let oldest: Entry<Key, Value> | undefined
  let newest: Entry<Key, Value> | undefined

  function remove(entry: Entry<Key, Value>): void {
    const { key, older, newer } = entry
    if (older === undefined) oldest = newer
    else older.newer = newer
    if (newer === undefined) newest = older
    else newer.older = older
    entries.delete(key)
  }

  return {
    get: (key) => entries.get(key)?.value,
    set(key, value) {
      const known = entries.get(key)
      if (known !== undefined) remove(known)
      else if (oldest !== undefined && entries.size >= sizeMax) remove(oldest)
      const entry: Entry<Key, Value> = { key, value, older: newest, newer: undefined }
      if (newest === undefined) oldest = entry
      else newest.newer = entry
      newest = entry
      entries.set(key, entry)
    },
    delete(key) {
      const known = entries.get(key)
      if (known !== undefined) remove(known)
      return known !== undefined
    },
    takeOldest() {
      const taken = oldest
      if (taken !== undefined) remove(taken)
      return taken?.value
    },
    clear() {
      entries.clear()
      oldest = undefined
      newest = undefined
    },
    get size() {
      return entries.size
    },
  }
}
