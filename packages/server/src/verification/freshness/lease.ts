import { isWithin, type Moment, type Timing } from '@latchkey/core/timing'
import type { Head, Observation } from '../../storage/engine.ts'
import { createApplied, type Memory, type OnApplied } from './applied.ts'

/** Why a store may not be used: the revision this process had applied, and the one the store is at. */
export type Refused = { readonly known: number; readonly found: number }

/** Proof that memory was up to date when the store was asked, at `sent`. A lease counts from there. */
export type Proof = {
  readonly sent: Moment
  /**
   * Whether connected verifiers may get a lease from it: only while every server waits for verifiers when it revokes.
   */
  readonly isLendable: boolean
}

/** What this process knows of the head, and how long it may answer from memory. */
export type Lease = {
  /** undefined before the first look. */
  readonly epoch: string | undefined
  /** The revision up to which memory has forgotten what changed; -1 before the first look. */
  readonly applied: number
  /** Whether memory is provably up to date now. Asked before every look-up, never remembered. */
  isFresh(): boolean
  /** Set while the store may not be used: it is not accepted, or its head went back. undefined: all is well. */
  readonly refused: Refused | undefined
  /**
   * Call it before a question to the store. The function it returns tells whether a head seen by that question counts.
   * (Comparing with what is known when the answer comes would be wrong: a later question may have been answered first.)
   */
  expect(): (head: Head) => boolean
  /** Applies what was observed by a question sent at `sent`. */
  apply(sent: Moment, seen: Observation): void
  /** Proof that memory is up to date now; undefined: it may not be. */
  readonly proof: Proof | undefined
  /** How long a lease runs, and what is waited beyond it, in milliseconds. */
  readonly terms: { readonly leaseMs: number; readonly marginMs: number }
  /** Never answers from memory again. */
  resign(): void
}

/**
 * The right to answer from memory for `leaseMs` after a question to the store was sent. A revocation waits that long,
 * and a margin, for servers that it hears nothing of.
 */
export function createLease(memory: Memory, timing: Timing, onApplied?: OnApplied): Lease {
  const applied = createApplied(memory, onApplied)
  let proof: Proof | undefined
  let terms = { leaseMs: 0, marginMs: 0 }
  /** An epoch in which the head went back: nothing counted in it can be trusted any more. */
  let distrusted: string | undefined
  let refused: Refused | undefined
  let isResigned = false

  function expect(): (head: Head) => boolean {
    const then = { epoch: applied.epoch, revision: applied.revision }
    return (head) => {
      if (head.epoch === then.epoch && head.revision < then.revision) distrusted = head.epoch
      return head.isAccepted && head.epoch !== distrusted && (then.epoch ?? head.epoch) === head.epoch
    }
  }

  const isFresh = () => proof !== undefined && isWithin(timing, proof.sent, terms.leaseMs)

  function giveUp(): void {
    proof = undefined
    memory.clear()
  }

  return {
    get epoch() {
      return applied.epoch
    },
    get applied() {
      return applied.revision
    },
    isFresh,
    get proof() {
      return isFresh() ? proof : undefined
    },
    get terms() {
      return terms
    },
    get refused() {
      return refused
    },
    expect,
    apply(sentAt, seen) {
      if (isResigned) return
      if (seen.epoch === applied.epoch && seen.revision < applied.revision) distrusted = seen.epoch
      if (!seen.isAccepted || seen.epoch === distrusted) {
        refused = { known: applied.revision, found: seen.revision }
        return giveUp()
      }
      refused = undefined
      applied.apply(seen)
      terms = { leaseMs: seen.leaseMs, marginMs: seen.marginMs }
      proof = { sent: sentAt, isLendable: seen.servers.every(({ unknown }) => unknown != null) }
    },
    resign() {
      isResigned = true
      giveUp()
    },
  }
}
