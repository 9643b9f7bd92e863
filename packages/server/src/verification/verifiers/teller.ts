import { AppError } from '@latchkey/core/error'
import { type MaybePromise, whenKnown } from '@latchkey/core/maybe-promise'
import { momentOf, type Timing } from '@latchkey/core/timing'
import type { LogRow } from '../../storage/tables/schema.ts'
import type { Lease, Proof } from '../freshness/lease.ts'
import { cannotVerify } from '../load-key.ts'
import { isSeen, type Sight } from './change-feed.ts'
import type { Question, Told, Verifiers } from './verifiers.ts'

type Patience = {
  /** How long an answer may wait for a change, in milliseconds. */
  readonly holdMs: number
  /** Throws AppError when whoever asked is gone, or may not hear the answer any more. */
  readonly assertWanted: () => MaybePromise<void>
}

/** Answers the questions of verifiers: at once, or when there is something to tell. */
export type Teller = {
  /** Throws AppError: `cannot_verify` when this server does not know itself, `unavailable` when it stops. */
  tell(question: Question, patience: Patience): MaybePromise<Told>
  /** For a verifier that has emptied its memory and asks no more. */
  dismiss(question: Question): void
  /** Answers the held questions that the applied rows concern; undefined: all that are held. */
  wake(rows: readonly LogRow[] | undefined): void
  /** Stops answering; held questions are refused. */
  stop(): void
}

type Options = {
  readonly timing: Timing
  readonly lease: Pick<Lease, 'epoch' | 'applied' | 'proof' | 'terms'>
  readonly verifiers: Verifiers
}

/**
 * Questions whose time ends within so many milliseconds are answered together: a process that wakes for each of a
 * thousand idle verifiers does little else.
 */
const TOGETHER_MS = 10

type Waiter = { readonly sight: Sight; readonly goOn: () => void }

export function createTeller({ timing, lease, verifiers }: Options): Teller {
  const waiting = createWaiting(timing)
  let isStopped = false

  function assertAble(): Proof {
    if (isStopped) throw leavingError()
    const { proof } = lease
    if (proof !== undefined) return proof
    throw cannotVerify(new Error('what others changed was not heard of lately'))
  }

  return {
    tell(question, { holdMs, assertWanted }) {
      assertAble()
      const arrived = momentOf(timing)
      const asked = verifiers.take(question)
      const answer = () => {
        const proof = assertAble()
        return asked === undefined ? withoutLease(lease) : verifiers.answer(asked, arrived, proof)
      }
      if (holdMs === 0 || (asked !== undefined && verifiers.isDue(asked))) return answer()
      return waiting.hold(question.sight, holdMs).then(() => whenKnown(assertWanted(), answer))
    },
    dismiss: verifiers.leave,
    wake: waiting.wake,
    stop() {
      isStopped = true
      waiting.wake(undefined)
    },
  }
}

/** Questions that are held. */
function createWaiting(timing: Timing) {
  /** The questions, by the moment at which their time is over. */
  const waiting = new Map<number, Waiter[]>()

  function wakeAll(atMs: number): void {
    const together = waiting.get(atMs) ?? []
    waiting.delete(atMs)
    for (const { goOn } of together) goOn()
  }

  return {
    /** Resolves when the time is over (or up to TOGETHER_MS earlier), or when this sight is woken. */
    hold(sight: Sight, ms: number): Promise<void> {
      const nowMs = timing.monotonicMs()
      const atMs = Math.floor((nowMs + ms) / TOGETHER_MS) * TOGETHER_MS
      if (atMs <= nowMs) return Promise.resolve()
      return new Promise((goOn) => {
        const together = waiting.get(atMs)
        if (together !== undefined) {
          together.push({ sight, goOn })
          return
        }
        waiting.set(atMs, [{ sight, goOn }])
        timing.after(atMs - nowMs, () => wakeAll(atMs))
      })
    },
    wake(rows: readonly LogRow[] | undefined): void {
      for (const [atMs, together] of waiting) {
        const left: Waiter[] = []
        for (const waiter of together) {
          if (rows === undefined || rows.some((row) => isSeen(row, waiter.sight))) waiter.goOn()
          else left.push(waiter)
        }
        waiting.set(atMs, left)
      }
    },
  }
}

/** For a verifier without a place: it has to ask the service about each key. */
const withoutLease = ({ epoch = '', applied }: Pick<Lease, 'epoch' | 'applied'>): Told => ({
  epoch,
  through: applied,
  changes: [],
  reset: true,
  heldMs: 0,
  provenMsAgo: 0,
  leaseMs: 0,
})

export const leavingError = () =>
  new AppError('unavailable', 'The service is stopping: ask another server.', { retryAfterSeconds: 1 })
