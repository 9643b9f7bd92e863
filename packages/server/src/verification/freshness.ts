import type { RevocationScope } from '@latchkey/core/revocation-scope'
import type { Verifier } from '@latchkey/core/verifier'
import type { AskedChanges, Changes } from '../storage/engine.ts'
import { cannotVerify } from './load-key.ts'

type Memory = Pick<Verifier, 'drop' | 'clear'>

/**
 * Proves before each look-up that memory has applied every change that anybody was told of: asks the store what
 * changed, and drops what the log names. Throws AppError `cannot_verify` when the store does not answer: never a
 * stale yes.
 */
export function createFreshness(reads: AskedChanges, memory: Memory): () => boolean {
  let applied = -1
  let epoch: string | undefined

  function apply(changes: Changes): void {
    if (changes.epoch !== epoch || !isNext(applied, changes)) {
      memory.clear()
    } else {
      for (const row of changes.rows) memory.drop({ scope: row.scope, id: row.object_id } as RevocationScope)
    }
    epoch = changes.epoch
    applied = changes.revision
  }

  return () => {
    try {
      const changes = reads.changesSince(applied)
      if (changes !== undefined) apply(changes)
      return true
    } catch (error) {
      throw cannotVerify(error)
    }
  }
}

/** Whether the rows are exactly those after `applied` up to the head, none missing. */
function isNext(applied: number, { revision, rows }: Changes): boolean {
  return (
    revision - applied === rows.length && rows.every((row, index) => row.revision === applied + 1 + index)
  )
}
