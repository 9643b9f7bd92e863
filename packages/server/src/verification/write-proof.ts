import type { Turn } from '@latchkey/core/fair-queue'
import type { Engine } from '../storage/engine.ts'
import { touchDeployment } from '../storage/tables/deployment.ts'

/** How long a write that succeeded counts: whoever asks every second does not cost a write each. Milliseconds. */
const GOOD_MS = 5_000
/** And one that failed: so that room on the disk is noticed. */
const BAD_MS = 1_000

/** Resolves when a write works, or did a moment ago; rejects with what keeps it from working. */
export type WriteProof = () => Promise<void>

/**
 * Proves that writes work by making one that changes nothing. Whoever asks while one is under way shares it, so that it
 * can be asked for by anybody.
 */
export function createWriteProof(
  { write }: Pick<Engine, 'write'>,
  turn: Turn,
  monotonicMs: () => number,
): WriteProof {
  let last: Promise<void> | undefined
  let untilMs = 0
  return () => {
    if (last !== undefined && monotonicMs() < untilMs) return last
    untilMs = Number.POSITIVE_INFINITY
    last = write(touchDeployment, turn).then(
      () => {
        untilMs = monotonicMs() + GOOD_MS
      },
      (error: unknown) => {
        untilMs = monotonicMs() + BAD_MS
        throw error
      },
    )
    return last
  }
}
