import type { Clock } from '@latchkey/core/clock'
import type { RandomBytes } from '@latchkey/core/random'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
/** 32^10 milliseconds reach past the year 37,000. */
const TIME_LENGTH = 10
/** 80 bits: no two requests of any server will meet. */
const RANDOM_LENGTH = 16

/**
 * `req_` and 26 characters that sort by time (ULID's layout). Always ours: a caller's own could collide or lie.
 * Made for every request, so it does no arithmetic beyond a table look-up for each character.
 */
export function createRequestIds(clock: Clock, randomBytes: RandomBytes): () => string {
  let timeMs = -1
  let timeText = ''
  return () => {
    const nowMs = clock.nowMs()
    if (nowMs !== timeMs) {
      timeMs = nowMs
      timeText = `req_${timeOf(nowMs)}`
    }
    let text = timeText
    for (const byte of randomBytes(RANDOM_LENGTH)) text += ALPHABET[byte & 31]
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
