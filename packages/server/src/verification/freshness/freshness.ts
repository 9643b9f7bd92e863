import type { AskedChanges } from '../../storage/engine.ts'
import { cannotVerify } from '../load-key.ts'
import type { Applied } from './applied.ts'

/**
 * Proves before each look-up that memory has applied every change that anybody was told of: asks the store what
 * changed, and drops what the log names. Throws AppError `cannot_verify` when the store does not answer: never a
 * stale yes.
 */
export function createFreshness(reads: AskedChanges, applied: Applied): () => boolean {
  return () => {
    try {
      const changes = reads.changesSince(applied.revision)
      if (changes !== undefined) applied.apply(changes)
      return true
    } catch (error) {
      throw cannotVerify(error)
    }
  }
}
