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

/** Indexes below `count` in an order without pattern, each run the same (mulberry32). */
export function shuffledIndexes(count: number, from: number): number[] {
  let state = 0x9e3779b9
  const random = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return Array.from({ length: count }, () => random() % from)
}
