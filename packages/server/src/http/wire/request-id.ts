import type { Clock } from '@latchkey/core/clock'
import type { RandomBytes } from '@latchkey/core/random'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
/** 32^10 milliseconds reach past the year 37,000. */
const TIME_LENGTH = 10
/** 80 bits: no two requests of any server will meet. */
const RANDOM_LENGTH = 16
/** Random characters made at once, of as many bytes: to make them for each request would cost more than the rest. */
const POOL_LENGTH = 4_096

/**
 * `req_` and 26 characters that sort by time (ULID's layout). Always ours: a caller's own could collide or lie.
 * Made for every request, of two pieces of text that are there already.
 */
export function createRequestIds(clock: Clock, randomBytes: RandomBytes): () => string {
  let pool = randomText(randomBytes)
  let used = 0
  let timeMs = -1
  let timeText = ''
  return () => {
    const nowMs = clock.nowMs()
    if (nowMs !== timeMs) {
      timeMs = nowMs
      timeText = `req_${timeOf(nowMs)}`
    }
    if (used === POOL_LENGTH) {
      pool = randomText(randomBytes)
      used = 0
    }
    used += RANDOM_LENGTH
    return timeText + pool.slice(used - RANDOM_LENGTH, used)
  }
}

function randomText(randomBytes: RandomBytes): string {
  const codes = randomBytes(POOL_LENGTH).map((byte) => ALPHABET.charCodeAt(byte & 31))
  return Buffer.from(codes).toString('latin1')
}

function timeOf(ms: number): string {
  let rest = ms
  let text = ''
  for (let index = 0; index < TIME_LENGTH; index++) {
    text = ALPHABET[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  return text
}
