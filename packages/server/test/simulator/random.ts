/** Chance of one run: everything that is drawn comes from here, so that a seed tells the whole story. */
export type Random = {
  /** Whole, from 0 to below `limit`. */
  below(limit: number): number
  between(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
}

/** Mulberry32: small, fast, and the same everywhere. */
export function createRandom(seed: number): Random {
  // Neighbouring seeds are spread, for the first numbers drawn from them would be alike.
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    between: (low, high) => low + next() * (high - low),
    chance: (probability) => next() < probability,
    pick: (list) => list[below(list.length)]!,
  }
}
