import { AppError } from '@latchkey/core/error'

/** Hashes at once, 19 MiB each. */
const RUNNING_MAX = 2
/** Who waits beyond this is refused: some four seconds of two cores. */
const WAITING_MAX = 50
/** So that one network alone does not fill the queue for all others. */
const WAITING_OF_NETWORK_MAX = 10

/** Whose turn it is. */
export type Turn = {
  /** As networkOf says it, or `host`. */
  readonly network: string
  /** Has shown something already, such as an invitation: goes before strangers, and in a queue of its own. */
  readonly isKnown: boolean
}

type Waiting = Turn & { readonly go: () => void }

/**
 * Runs a few hashes at a time: each costs memory, and a flood of sign-ins must not take the service. Throws AppError
 * `unavailable` when too many wait.
 */
export type HashQueue = <T>(turn: Turn, work: () => Promise<T>) => Promise<T>

export function createHashQueue(): HashQueue {
  let running = 0
  const known: Waiting[] = []
  const strangers: Waiting[] = []

  function wait(turn: Turn): Promise<void> {
    const queue = turn.isKnown ? known : strangers
    const ofNetwork = queue.filter(({ network }) => network === turn.network).length
    if (queue.length >= WAITING_MAX || ofNetwork >= WAITING_OF_NETWORK_MAX) {
      throw new AppError('unavailable', 'Too many sign-ins are waiting: try again in a moment.', {
        retryAfterSeconds: 2,
      })
    }
    return new Promise<void>((resolve) => queue.push({ ...turn, go: resolve }))
  }

  return async (turn, work) => {
    if (running >= RUNNING_MAX) await wait(turn)
    else running += 1
    try {
      return await work()
    } finally {
      const next = known.shift() ?? strangers.shift()
      if (next === undefined) running -= 1
      else next.go()
    }
  }
}
