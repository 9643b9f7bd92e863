import type { Moment, Timing } from '@latchkey/core/timing'
import type { ChangesRequest, ChangesResult } from '../wire.ts'
import { type Applied, createApplied, type Memory } from './applied.ts'
import { createHearers } from './hearers.ts'
import { createLease } from './lease.ts'

/** How long an answer may be held for a change: a part of the lease that it gives. Milliseconds. */
const HOLD_MS = 500

type StandingOptions = {
  readonly timing: Timing
  readonly memory: Memory
  readonly newId: () => string
}

/** Where a verifier stands with the service: its name there, what it was told, and how long memory may answer. */
export type Standing = Pick<Applied, 'expect'> & {
  isFresh(): boolean
  /** The next question: held, unless a server is still to hear of what was applied. */
  question(): ChangesRequest
  /** Whether a question was asked under the name that is used now. */
  isOurs(asked: ChangesRequest): boolean
  /** Takes in the answer to a question that was sent at `sent`; answers for how long from then memory may answer. */
  take(sent: Moment, asked: ChangesRequest, told: ChangesResult): number
  /** Empties memory and begins anew, under another name. */
  forget(): void
  /** Empties memory for good; answers the last thing to say. */
  resign(): ChangesRequest
}

export function createStanding({ timing, memory, newId }: StandingOptions): Standing {
  const lease = createLease(timing)
  const applied = createApplied(memory)
  const hearers = createHearers(timing)
  let id = newId()

  const questionOf = (hold: number): ChangesRequest => ({
    verifier: id,
    epoch: applied.epoch,
    after: applied.through,
    hold,
    nonce: newId(),
  })

  return {
    isFresh: lease.isFresh,
    expect: applied.expect,
    question: () => questionOf(applied.epoch === null || hearers.takeTry() ? 0 : HOLD_MS),
    isOurs: (asked) => asked.verifier === id,
    take(sent, asked, told) {
      const isSameLife = told.epoch === asked.epoch
      if (!isSameLife) hearers.clear()
      // Memory first: the lease is of a memory that has forgotten what it was told of.
      const isNews = applied.take(told)
      // The newest answer's counts, though it be shorter. What is no number gives none.
      const forMs = told.leaseMs > 0 ? told.heldMs - told.provenMsAgo + told.leaseMs : 0
      lease.renew(sent, forMs)
      hearers.note(told.server, isSameLife ? (asked.after ?? -1) : -1, told.leaseMs)
      if (isNews) hearers.owe(told.through)
      return forMs
    },
    forget() {
      lease.end()
      applied.forget()
      hearers.clear()
      id = newId()
    },
    resign() {
      lease.end()
      memory.clear()
      return { ...questionOf(0), goodbye: true }
    },
  }
}
