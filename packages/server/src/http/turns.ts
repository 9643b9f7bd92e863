import { setImmediate } from 'node:timers'
import { AppError } from '@latchkey/core/error'

/** Work in one turn of the event loop, in milliseconds: as long as a few verifications take. */
const TURN_MS = 0.25
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
   * whose work it is, a company or an address. Rejects with AppError `unavailable` when too many wait.
   */
  take(lane: string): Promise<void>
}

export function createTurns(monotonicMs: () => number = () => performance.now()): Turns {
  /** Who waits, by lane. Maps keep insertion order: the first lane is the next. */
  const lanes = new Map<string, (() => void)[]>()
  let waiting = 0
  let scheduled = 0
  let turnBeganAtMs = 0

  function schedule(): void {
    if (scheduled > 0 || waiting === 0) return
    // All of them run in the next turn of the event loop, one after the other, each followed by what it let go on.
    scheduled = Math.min(waiting, PIECES_MAX)
    setImmediate(beginTurn)
    for (let count = 1; count < scheduled; count++) setImmediate(goOn)
  }

  function beginTurn(): void {
    turnBeganAtMs = monotonicMs()
    letNext()
    over()
  }

  function goOn(): void {
    if (monotonicMs() - turnBeganAtMs < TURN_MS) letNext()
    over()
  }

  function letNext(): void {
    const [next] = lanes
    if (next === undefined) return
    const [lane, queue] = next
    lanes.delete(lane)
    const go = queue.shift()
    if (queue.length > 0) lanes.set(lane, queue)
    waiting -= 1
    go?.()
  }

  function over(): void {
    scheduled -= 1
    schedule()
  }

  return {
    take(lane) {
      const queue = lanes.get(lane) ?? []
      if (queue.length >= LANE_WAITING_MAX || waiting >= WAITING_MAX) return Promise.reject(tooMany())
      lanes.set(lane, queue)
      waiting += 1
      schedule()
      return new Promise((resolve) => queue.push(resolve))
    },
  }
}

function tooMany(): AppError {
  return new AppError('unavailable', 'Too many requests are waiting: try again in a moment.', {
    retryAfterSeconds: 1,
  })
}
