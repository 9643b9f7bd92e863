/** Cryptographically strong random bytes. */
export type RandomBytes = (size: number) => Uint8Array

const POOL_BYTES = 4_096
/** More than this is fetched by itself. */
const TAKEN_MAX = 64

/**
 * The same bytes, fetched some kilobytes at a time: a call of node:crypto costs the same however few are asked for,
 * and a new key asks three times. No byte is handed out twice, and none stays behind in the pool.
 */
export function createRandomPool(randomBytes: RandomBytes): RandomBytes {
  let pool: Uint8Array = new Uint8Array(0)
  let taken = 0
  return (size) => {
    if (size > TAKEN_MAX) return randomBytes(size)
    if (taken + size > pool.length) {
      pool = randomBytes(POOL_BYTES)
      taken = 0
    }
    const bytes = new Uint8Array(size)
    for (let index = 0; index < size; index++) {
      bytes[index] = pool[taken]!
      pool[taken++] = 0
    }
    return bytes
  }
}
