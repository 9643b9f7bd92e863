import type { Clock } from '@latchkey/core/clock'
import { nextId } from '@latchkey/core/ids'
import type { RandomBytes } from '@latchkey/core/random'

/** `req_` and 26 characters that sort by time. Always ours: a caller's own could collide or lie. */
export function createRequestIds(clock: Clock, randomBytes: RandomBytes): () => string {
  return () => nextId('req', { nowMs: clock.nowMs(), randomBytes })
}
