import type { Clock } from '@latchkey/core/clock'
import type { RandomBytes } from '@latchkey/core/random'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
/** 32^10 milliseconds reach past the year 37,000. */
const TIME_LENGTH = 10
/** 80 bits: no two requests of any server will meet. */
const RANDOM_LENGTH = 16
/** Random bytes fetched at once: a system call for each request would cost more than the rest. */
const POOL_BYTES = 4_096

/**
 * `req_` and 26 characters that sort by time (ULID's layout). Always ours: a caller's own could collide or lie.
 * Made for every request, so it does no arithmetic beyond a table look-up for each character.
 */
export function createRequestIds(clock: Clock, randomBytes: RandomBytes): () => string {
  let pool = randomBytes(POOL_BYTES)
  let used = 0
  let timeMs = -1
  let timeText = ''
  return () => {
    const nowMs = clock.nowMs()
    if (nowMs !== timeMs) {
      timeMs = nowMs
      timeText = `req_${timeOf(nowMs)}`
    }
    if (used + RANDOM_LENGTH > POOL_BYTES) {
      pool = randomBytes(POOL_BYTES)
      used = 0
    }
    let text = timeText
    for (const end = used + RANDOM_LENGTH; used < end; used++) text += ALPHABET[pool[used]! & 31]
    return text
  }
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
