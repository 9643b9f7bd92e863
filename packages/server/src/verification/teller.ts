import { AppError } from '@latchkey/core/error'
import type { MaybePromise } from '@latchkey/core/maybe-promise'
import { momentOf, type Timing } from '@latchkey/core/timing'
import type { LogRow } from '../storage/tables/schema.ts'
import { isSeen, type Sight } from './change-feed.ts'
import type { Lease } from './lease.ts'
import { cannotVerify } from './load-key.ts'
import type { Question, Told, Verifiers } from './verifiers.ts'

type Patience = {
  /** How long an answer may wait for a change, in milliseconds. */
  readonly holdMs: number
  /** Whether whoever asked is still there and may still hear it. Throws AppError when not. */
  readonly assertWanted: () => MaybePromise<void>
}

/** Answers what verifiers ask, at once or when there is something to say. */
export type Teller = {
  /** Throws AppError: `cannot_verify` when this server does not know itself, `unavailable` when it stops. */
  tell(question: Question, patience: Patience): Promise<Told>
  /** It has emptied its memory, and asks no more. */
  dismiss(question: Question): void
  /** What was applied: whoever has to hear of it is answered. undefined: everybody. */
  wake(rows: readonly LogRow[] | undefined): void
  /** Answers nobody any more. */
  stop(): void
}

type Options = {
  readonly timing: Timing
  readonly lease: Pick<Lease, 'epoch' | 'applied' | 'proof' | 'terms'>
  readonly verifiers: Verifiers
}

export function createTeller({ timing, lease, verifiers }: Options): Teller {
  const waiting = new Set<{ readonly sight: Sight; wake(): void }>()
  let isStopped = false

  function assertAble(): void {
    if (isStopped) throw stopping()
    if (lease.proof === undefined)
      throw cannotVerify(new Error('what others changed was not heard of lately'))
  }

  /** Until the time is over or something is to be heard. */
  function hold(sight: Sight, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const waiter = {
        sight,
        wake() {
          waiting.delete(waiter)
          cancel()
          resolve()
        },
      }
      const cancel = timing.after(ms, waiter.wake)
      waiting.add(waiter)
    })
  }

  return {
    async tell(question, { holdMs, assertWanted }) {
      assertAble()
      const arrived = momentOf(timing)
      const asked = verifiers.take(question)
      if (holdMs > 0 && (asked === undefined || !verifiers.isDue(asked))) {
        await hold(question.sight, holdMs)
        await assertWanted()
        assertAble()
      }
      const { proof } = lease
      if (proof === undefined) throw cannotVerify(new Error('what others changed was not heard of lately'))
      return asked === undefined ? withoutLease(lease) : verifiers.answer(asked, arrived, proof)
    },
    dismiss: verifiers.leave,
    wake(rows) {
      for (const waiter of [...waiting]) {
        if (rows === undefined || rows.some((row) => isSeen(row, waiter.sight))) waiter.wake()
      }
    },
    stop() {
      isStopped = true
      for (const waiter of [...waiting]) waiter.wake()
    },
  }
}

/** It is to ask the service for each key. */
const withoutLease = ({ epoch = '', applied }: Pick<Lease, 'epoch' | 'applied'>): Told => ({
  epoch,
  through: applied,
  changes: [],
  reset: true,
  heldMs: 0,
  provenMsAgo: 0,
  leaseMs: 0,
})

const stopping = () =>
  new AppError('unavailable', 'The service is stopping: ask another server.', { retryAfterSeconds: 1 })
