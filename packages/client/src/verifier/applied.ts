import type { RevocationScope } from '@latchkey/core/revocation-scope'
import type { Verifier } from '@latchkey/core/verifier'
import type { ChangesResult, KeyRecordResult } from '../wire.ts'

export type Memory = Pick<Verifier, 'drop' | 'clear'>

/** Of which moment of the store a record is. */
export type Source = Pick<KeyRecordResult, 'epoch' | 'revision'>

/** Up to where memory has forgotten what changed. */
export type Applied = {
  /** null: nothing was told yet. */
  readonly epoch: string | null
  readonly through: number | null
  /** Has memory forget what an answer names; answers whether it names anything. */
  take(told: Told): boolean
  /** Whether a record of that moment is as new as memory is now. */
  expect(): (source: Source) => boolean
  /** As at the start. */
  forget(): void
}

type Told = Pick<ChangesResult, 'epoch' | 'after' | 'through' | 'changes' | 'reset'>

export function createApplied(memory: Memory): Applied {
  let epoch: string | null = null
  let through = -1

  return {
    get epoch() {
      return epoch
    },
    get through() {
      return epoch === null ? null : through
    },
    take(told) {
      const isSameLife = told.epoch === epoch
      // What a company may see of the log has holes: it is told of a range, which has to begin where we are, or before.
      const isNext = isSameLife && !told.reset && told.after !== null && told.after <= through
      const isNews = !isNext || told.changes.length > 0
      if (!isNext) memory.clear()
      else if (isNews) memory.drop(...(told.changes as readonly RevocationScope[]))
      // A server that is behind knows less than memory, and takes nothing back.
      through = isSameLife ? Math.max(through, told.through) : told.through
      epoch = told.epoch
      return isNews
    },
    expect() {
      const then = { epoch, through }
      return (source) => source.epoch === then.epoch && source.revision >= then.through
    },
    forget() {
      epoch = null
      through = -1
      memory.clear()
    },
  }
}
