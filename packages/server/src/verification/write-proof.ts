import type { Turn } from '@latchkey/core/fair-queue'
import type { Engine } from '../storage/engine.ts'
import { touchDeployment } from '../storage/tables/deployment.ts'

/** How long a proof that succeeded counts: whoever asks every second does not cost a write each. Milliseconds. */
const GOOD_MS = 5_000
/** How long one that failed counts. Short, so that new room on the disk is noticed. */
const BAD_MS = 1_000

/** Resolves when a write works, or did a moment ago; rejects with what keeps it from working. */
export type WriteProof = () => Promise<void>

/**
 * Proves that writes work, by making one that changes nothing. Servers that follow the head write all the time: there
 * it proves that no right is missing which other writes need. Whoever asks while a proof is under way shares it, so
 * that anybody may ask.
 */
export function createWriteProof(
  { write, changes, assertRights }: Pick<Engine, 'write' | 'changes' | 'assertRights'>,
  turn: Turn,
  monotonicMs: () => number,
): WriteProof {
  let last: Promise<void> | undefined
  let untilMs = 0
  const prove = async () => {
    if (changes.kind === 'asked') await write(touchDeployment, turn)
    else await assertRights?.(turn)
  }
  return () => {
    if (last !== undefined && monotonicMs() < untilMs) return last
    untilMs = Number.POSITIVE_INFINITY
    last = prove().then(
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
