import type { Revocation } from '../../src/storage/engine.ts'
import type { Judge } from './judge.ts'
import { LEASE_MS, MARGIN_MS } from './model-store.ts'

/** A survey that took longer counts as a fault: the promise is about a store that answers. */
const PROMPT_MS_MAX = 100
/** The last survey, and the pause before it. */
const LAST_ROUND_MS = 450

/** Stands before the barrier and checks that it ends in time, with success, while nothing is wrong. */
export function watchBarrier(
  settle: (revocation: Revocation) => Promise<void>,
  judge: Judge,
  name: string,
  monotonicMs: () => number,
  epochNow: () => string,
) {
  let disturbances = 0
  const surveys = new Set<number>()

  /** Whether something was in the way since then. */
  function isDisturbedSince(before: number): boolean {
    const nowMs = monotonicMs()
    return disturbances !== before || [...surveys].some((askedAtMs) => nowMs - askedAtMs > PROMPT_MS_MAX)
  }

  function report(detail: string): void {
    judge.report('barrier in time', `the barrier of ${name} ${detail}`)
  }

  return {
    disturb(): void {
      disturbances += 1
    },
    /** A survey begins; call what it answers when it is over. */
    surveyed(): (isAnswered: boolean) => void {
      const askedAtMs = monotonicMs()
      surveys.add(askedAtMs)
      return (isAnswered) => {
        surveys.delete(askedAtMs)
        if (!isAnswered || monotonicMs() - askedAtMs > PROMPT_MS_MAX) disturbances += 1
      }
    },
    async settle(revocation: Revocation): Promise<void> {
      const before = disturbances
      const startedAtMs = monotonicMs()
      try {
        await settle(revocation)
      } catch (error) {
        // A commit of an epoch that is over cannot be vouched for.
        const isCurrent = revocation.epoch === epochNow()
        if (isCurrent && !isDisturbedSince(before)) report(`failed, though nothing was wrong: ${error}`)
        throw error
      }
      const tookMs = monotonicMs() - startedAtMs
      if (tookMs <= LEASE_MS + MARGIN_MS + LAST_ROUND_MS || isDisturbedSince(before)) return
      report(`took ${Math.round(tookMs)} ms`)
    },
  }
}
