import { randomBytes, randomFillSync } from 'node:crypto'
import type { RandomBytes } from '@latchkey/core/random'

const POOL_BYTES = 4_096
/** More than this is fetched by itself. */
const TAKEN_MAX = 64

/**
 * The system's random bytes, fetched some kilobytes at a time: each call of node:crypto costs 3 to 4 µs however few
 * are asked for, and a new key asks three times. No byte is handed out twice, and none stays behind in the pool.
 */
export function createRandomPool(fill: (pool: Uint8Array) => void = randomFillSync): RandomBytes {
  const pool = new Uint8Array(POOL_BYTES)
  let taken = POOL_BYTES
  return (size) => {
    if (size > TAKEN_MAX) return randomBytes(size)
    if (taken + size > POOL_BYTES) {
      fill(pool)
      taken = 0
    }
    const bytes = pool.slice(taken, taken + size)
    pool.fill(0, taken, taken + size)
    taken += size
    return bytes
  }
}
