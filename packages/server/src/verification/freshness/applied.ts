import type { RevocationScope } from '@latchkey/core/revocation-scope'
import type { Verifier } from '@latchkey/core/verifier'
import type { Changes } from '../../storage/engine.ts'
import type { LogRow } from '../../storage/tables/schema.ts'

export type Memory = Pick<Verifier, 'drop' | 'clear'>

/** The revision up to which memory has dropped everything that changed. */
export type Applied = {
  /** undefined before the first changes. */
  readonly epoch: string | undefined
  /** -1 before the first changes. */
  readonly revision: number
  /**
   * Drops from memory what the log names. Drops everything when rows of the log are missing or the epoch is another.
   */
  apply(changes: Changes): void
}

/** Called with what was applied. `isNext`: it continues where the last changes ended. */
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
      if (!goesOn) memory.clear()
      else if (changes.rows.length > 0) memory.drop(...changes.rows.map(scopeOf))
      epoch = changes.epoch
      revision = changes.revision
      onApplied(changes, goesOn)
    },
  }
}

const scopeOf = ({ scope, object_id: id }: LogRow) => ({ scope, id }) as RevocationScope
