/** The same order for the same seed, everywhere (mulberry32; Fisher-Yates). */
export function shuffled<T>(values: readonly T[], seed: number): T[] {
  const order = [...values]
  let state = seed
  const below = (count: number) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * count)
  }
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = below(last + 1)
    const kept = order[last]!
    order[last] = order[other]!
    order[other] = kept
  }
  return order
}
