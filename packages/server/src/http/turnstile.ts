import { AppError } from '@latchkey/core/error'

type Limits = {
  /** Of one owner at once, and of all together. */
  readonly eachMax: number
  readonly allMax: number
  /** Of one owner waiting at once. */
  readonly waitingMax: number
}

/** Lets work in, so much of each owner and so much of all at once. Whoever waits is let in by turns, owner by owner. */
export type Turnstile = {
  /** Runs the work when there is room for it. Throws AppError `unavailable` when too much of the owner's waits. */
  pass<T>(owner: string, work: () => Promise<T>): Promise<T>
}

type Owner = { inside: number; readonly waiting: (() => void)[] }

export function createTurnstile({ eachMax, allMax, waitingMax }: Limits): Turnstile {
  /** Owners with work inside or waiting. The first of those that may go on is the next. */
  const owners = new Map<string, Owner>()
  let inside = 0

  function enter(name: string, owner: Owner): void {
    inside += 1
    owner.inside += 1
    // To the end: the others come first the next time.
    owners.delete(name)
    owners.set(name, owner)
  }

  function leave(name: string, owner: Owner): void {
    inside -= 1
    owner.inside -= 1
    if (owner.inside === 0 && owner.waiting.length === 0) owners.delete(name)
    letIn()
  }

  function letIn(): void {
    for (const [name, owner] of owners) {
      if (inside >= allMax) return
      if (owner.inside >= eachMax || owner.waiting.length === 0) continue
      enter(name, owner)
      owner.waiting.shift()?.()
    }
  }

  return {
    async pass(name, work) {
      const owner = owners.get(name) ?? { inside: 0, waiting: [] }
      if (owner.waiting.length >= waitingMax) throw tooMuch()
      owners.set(name, owner)
      if (owner.inside < eachMax && inside < allMax) enter(name, owner)
      else await new Promise<void>((resolve) => owner.waiting.push(resolve))
      try {
        return await work()
      } finally {
        leave(name, owner)
      }
    },
  }
}

function tooMuch(): AppError {
  return new AppError(
    'unavailable',
    'Too many lists or batches of your company are waiting: try again in a moment, with fewer at once.',
    { retryAfterSeconds: 1 },
  )
}
