import type { RevocationScope } from '@latchkey/core/revocation-scope'
import type { Verifier } from '@latchkey/core/verifier'
import type { Changes } from '../../storage/engine.ts'

export type Memory = Pick<Verifier, 'drop' | 'clear'>

/** Up to where memory has forgotten what changed. */
export type Applied = {
  /** undefined before the first changes. */
  readonly epoch: string | undefined
  /** -1 before the first changes. */
  readonly revision: number
  /** Has memory drop what the log names, or everything, when some of the log is missing or it is another's. */
  apply(changes: Changes): void
}

/** Hears of what was taken in: `isNext` when it goes on where the last ended. */
export type OnApplied = (changes: Changes, isNext: boolean) => void

export function createApplied(memory: Memory, onApplied: OnApplied = () => {}): Applied {
  let epoch: string | undefined
  let revision = -1

  /** Whether the rows are exactly those after `revision` up to the head, none missing. */
  const isNext = (changes: Changes): boolean =>
    changes.epoch === epoch &&
    changes.revision - revision === changes.rows.length &&
    changes.rows.every((row, index) => row.revision === revision + 1 + index)

  return {
    get epoch() {
      return epoch
    },
    get revision() {
      return revision
    },
    apply(changes) {
      const goesOn = isNext(changes)
      if (goesOn) {
        for (const { scope, object_id: id } of changes.rows) memory.drop({ scope, id } as RevocationScope)
      } else {
        memory.clear()
      }
      epoch = changes.epoch
      revision = changes.revision
      onApplied(changes, goesOn)
    },
  }
}
