import { createHash } from 'node:crypto'
import { generateSecret, type Secret } from '@latchkey/core/secret'

/** The secret of the key at `index` of a store, the same each time: ten million of them need not be remembered. */
export function secretAt(index: number): Secret {
  let drawn = 0
  const randomBytes = (length: number) => {
    const digest = createHash('sha512').update(`${index}/${drawn++}`).digest()
    return digest.subarray(0, length)
  }
  return generateSecret({ prefix: 'lk', mode: 'live', randomBytes })
}

/** Below this many, each index is drawn once; above, with replacement, which then hardly matters. */
const SHUFFLED_MAX = 1_000_000

/** `count` indexes below `from` in an order without pattern, each run the same. */
export function shuffledIndexes(count: number, from: number): number[] {
  const random = createRandom()
  if (from > SHUFFLED_MAX) return Array.from({ length: count }, () => random() % from)
  const all = Array.from({ length: from }, (_, index) => index)
  for (let place = from - 1; place > 0; place--) {
    const other = random() % (place + 1)
    ;[all[place], all[other]] = [all[other]!, all[place]!]
  }
  return all.slice(0, count)
}

/** Mulberry32: 32 bits a call, from a fixed seed. */
export function createRandom(): () => number {
  let state = 0x9e3779b9
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
