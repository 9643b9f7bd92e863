import { AppError } from '@latchkey/core/error'
import { createFairQueue } from '@latchkey/core/fair-queue'

type Limits = {
  /** Running at once: of one owner, and of all together. */
  readonly eachMax: number
  readonly allMax: number
  /** Waiting at once: of one owner, and of all together. */
  readonly waitingMax: number
  readonly waitingOfAllMax: number
}

/** Bounds the work that runs at once, of each owner and of all. The rest waits, and the owners take turns. */
export type Turnstile = {
  /**
   * Runs the work when there is room for it, if it is still wanted by then. Throws AppError: `unavailable` when too
   * much of the owner's waits, `malformed_request` when it is wanted no more.
   */
  pass<T>(owner: string, work: () => Promise<T>, isWanted?: () => boolean): Promise<T>
}

type Waiting = { readonly owner: string; letIn(): void }

/** `what`: how the error calls the work when too much of it waits. */
export function createTurnstile(
  { eachMax, allMax, waitingMax, waitingOfAllMax }: Limits,
  what: string,
): Turnstile {
  const inside = new Map<string, number>()
  let insideOfAll = 0
  const waiting = createFairQueue<Waiting>({ waitingMax: waitingOfAllMax, waitingOfPartyMax: waitingMax })

  const insideOf = (owner: string): number => inside.get(owner) ?? 0
  const hasRoom = ({ owner }: Pick<Waiting, 'owner'>): boolean =>
    insideOfAll < allMax && insideOf(owner) < eachMax

  function leave(owner: string): void {
    insideOfAll -= 1
    if (insideOf(owner) === 1) inside.delete(owner)
    else inside.set(owner, insideOf(owner) - 1)
    letIn()
  }

  function letIn(): void {
    for (let next = waiting.take(hasRoom); next !== undefined; next = waiting.take(hasRoom)) {
      insideOfAll += 1
      inside.set(next.owner, insideOf(next.owner) + 1)
      next.letIn()
    }
  }

  return {
    async pass(owner, work, isWanted = () => true) {
      const mustWait = !hasRoom({ owner })
      const { promise, resolve } = Promise.withResolvers<void>()
      if (!waiting.push({ party: owner }, { owner, letIn: resolve })) throw tooMuch(what)
      letIn()
      await promise
      try {
        if (mustWait && !isWanted())
          throw new AppError('malformed_request', 'The client left before its turn came.')
        return await work()
      } finally {
        leave(owner)
      }
    },
  }
}

function tooMuch(what: string): AppError {
  return new AppError(
    'unavailable',
    `Too many ${what} of your company are waiting: try again in a moment, with fewer at once.`,
    { retryAfterSeconds: 1 },
  )
}
