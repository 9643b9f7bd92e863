import { setImmediate } from 'node:timers'
import { AppError } from '@latchkey/core/error'
import { createFairQueue } from '@latchkey/core/fair-queue'

/** Work in one turn of the event loop, in milliseconds: as long as a few verifications take. */
const TURN_MS = 0.25
/** Last pieces in one turn of the event loop, in milliseconds. */
const SHARED_MS = 0.25
/** Pieces in one turn, however short they are. */
const PIECES_MAX = 16
/** Who waits in one lane, about 5 KB each with the request that it holds up: 10 MB. Beyond it, saying so is kinder. */
const LANE_WAITING_MAX = 2_000
/** The same in all lanes: 100 MB. */
const WAITING_MAX = 20_000

/**
 * Gives long work its turns: between two of them whoever came meanwhile is served. Each turn of the event loop has
 * little of it, however many wait, and every lane gets a piece before any lane gets a second one.
 */
export type Turns = {
  /**
   * Resolves when the caller may do its next piece, which should be over in some tenths of a millisecond. `lane`:
   * whose work it is, a company or an address. `isUrgent`: it may make something stop, and comes before what others
   * only want; the two alternate while both wait. Rejects with AppError `unavailable` when too many wait.
   */
  take(lane: string, isUrgent?: boolean): Promise<void>
  /**
   * The same for a last piece that cannot be refused any more, such as making an answer: writes that share a
   * transaction all end in one turn of the event loop. undefined: there was little of it in this turn; do it at once.
   */
  share(lane: string, isUrgent?: boolean): Promise<void> | undefined
  /** Whether anybody waits. */
  isWaited(): boolean
}

export function createTurns(monotonicMs: () => number = () => performance.now()): Turns {
  const waiting = createFairQueue<() => void>({
    waitingMax: WAITING_MAX,
    waitingOfPartyMax: LANE_WAITING_MAX,
  })
  let scheduled = 0
  let turnBeganAtMs = 0
  /** When the first of what is shared began in this turn of the event loop; undefined: nothing did yet. */
  let sharedSinceMs: number | undefined

  function schedule(): void {
    if (scheduled > 0 || waiting.size === 0) return
    // All of them run in the next turn of the event loop, one after the other, each followed by what it let go on.
    scheduled = Math.min(waiting.size, PIECES_MAX)
    setImmediate(beginTurn)
    for (let count = 1; count < scheduled; count++) setImmediate(goOn)
  }

  function beginTurn(): void {
    turnBeganAtMs = monotonicMs()
    waiting.take()?.()
    over()
  }

  function goOn(): void {
    if (monotonicMs() - turnBeganAtMs < TURN_MS) waiting.take()?.()
    over()
  }

  function over(): void {
    scheduled -= 1
    schedule()
  }

  function hasRoom(): boolean {
    const nowMs = monotonicMs()
    if (sharedSinceMs !== undefined) return nowMs - sharedSinceMs < SHARED_MS
    sharedSinceMs = nowMs
    setImmediate(() => {
      sharedSinceMs = undefined
    })
    return true
  }

  function take(lane: string, isUrgent = false): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (!waiting.push({ party: lane, isUrgent }, resolve)) return Promise.reject(tooMany())
    schedule()
    return promise
  }

  return {
    take,
    // Where too many wait it is done out of turn.
    share: (lane, isUrgent) => (hasRoom() ? undefined : take(lane, isUrgent).catch(() => {})),
    isWaited: () => waiting.size > 0,
  }
}

function tooMany(): AppError {
  return new AppError('unavailable', 'Too many requests are waiting: try again in a moment.', {
    retryAfterSeconds: 1,
  })
}
