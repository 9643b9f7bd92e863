import { AppError } from '@latchkey/core/error'
import type { BodyRoom } from '../wire/body.ts'
import type { Holdings } from './holdings.ts'

/** Room for one body among the bytes that its owner's requests and answers hold. `release` once it is done with. */
export function createBodyRoom(
  holdings: Holdings,
  owner: string,
  bytesMax: number,
): BodyRoom & { release(): void } {
  let held = 0
  return {
    bytesMax,
    hold(bytes) {
      if (!holdings.hold(owner, bytes)) throw tooMuch()
      held += bytes
    },
    release() {
      if (held > 0) holdings.release(owner, held)
      held = 0
    },
  }
}

function tooMuch(): AppError {
  return new AppError(
    'unavailable',
    'Large bodies of your company are still being worked on: try again in a moment, with fewer at once.',
    { retryAfterSeconds: 1 },
  )
}
