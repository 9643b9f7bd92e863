import { LatchkeyError } from '../errors.ts'
import type { Settings } from '../options.ts'
import type { VerifierState } from '../verifier.ts'
import type { Follower } from './follower.ts'
import { isRefusal } from './remote.ts'

const READY_MS_MAX = 10_000

type StatesOptions = {
  readonly follower: Pick<Follower, 'isFresh' | 'failure'>
  readonly logger: Settings['logger']
}

/** What a verifier can do now, and who wants to hear of it. */
export type States = {
  readonly now: VerifierState
  /** Something may have changed. */
  look(): void
  on(listener: (state: VerifierState) => void): () => void
  ready(): Promise<void>
  /** Whoever waits until it is ready is told that it never will be. */
  close(error: Error): void
}

export function createStates({ follower, logger }: StatesOptions): States {
  const listeners = new Set<(state: VerifierState) => void>()
  const waiting = new Set<() => void>()
  let closed: Error | undefined
  let said: VerifierState = 'catching-up'

  function now(): VerifierState {
    if (follower.isFresh()) return 'fresh'
    return follower.failure === undefined ? 'catching-up' : 'cut-off'
  }

  function look(): void {
    for (const check of waiting) check()
    const state = now()
    if (state === said) return
    said = state
    for (const listener of listeners) {
      try {
        listener(state)
      } catch (error) {
        logger.warn(`latchkey: a listener for the state of a verifier has thrown: ${error}`)
      }
    }
  }

  return {
    get now() {
      return now()
    },
    look,
    on(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    ready: () =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (closed !== undefined) end(() => reject(closed))
          else if (follower.isFresh()) end(resolve)
          else if (isRefusal(follower.failure)) end(() => reject(cannotVerify(follower.failure)))
        }
        const end = (settle: () => void) => {
          clearTimeout(timer)
          waiting.delete(check)
          settle()
        }
        // It keeps the process alive meanwhile, which the questions do not.
        const timer = setTimeout(() => end(() => reject(cannotVerify(follower.failure))), READY_MS_MAX)
        waiting.add(check)
        check()
      }),
    close(error) {
      closed = error
      for (const check of waiting) check()
    },
  }
}

/** The error of whoever wants a verdict that cannot be had. */
export function cannotVerify(cause: unknown): LatchkeyError {
  const reason = cause instanceof Error ? cause.message : 'no lease was given.'
  return new LatchkeyError('cannot_verify', `Whether the key is valid cannot be told now: ${reason}`, cause)
}
