import type { CompanyId } from '@latchkey/core/ids'
import type { Changes } from '../../storage/engine.ts'
import type { LogRow } from '../../storage/tables/schema.ts'

/** Changes kept for verifiers, about 150 bytes each. A verifier that is further behind forgets everything instead. */
const KEPT_MAX = 10_000

/** The company whose keys a verifier may see; null: every company's. */
export type Sight = CompanyId | null

/** The last changes of the log, as they were applied here: what connected verifiers are told. */
export type ChangeFeed = {
  /**
   * Adds what was applied. `isNext`: it continues where the last changes ended; else the earlier ones are forgotten.
   */
  take(changes: Changes, isNext: boolean): void
  /** The changes after a revision that this sight includes; undefined: not all of them are kept any more. */
  after(sight: Sight, revision: number): readonly LogRow[] | undefined
  /**
   * The first revision after another that may have to be told: one that this sight includes, or one that is not kept
   * any more. undefined: there is none.
   */
  firstAfter(sight: Sight, revision: number): number | undefined
}

export function createChangeFeed(): ChangeFeed {
  let rows: readonly LogRow[] = []
  /** The revision before the first row. */
  let since = -1

  /** Revisions have no gaps: the place of a row follows from its revision. */
  const rowsAfter = (revision: number) => rows.slice(Math.max(0, revision - since))

  return {
    take(changes, isNext) {
      rows = isNext ? [...rows, ...changes.rows].slice(-KEPT_MAX) : []
      since = changes.revision - rows.length
    },
    after(sight, revision) {
      if (revision < since) return undefined
      return rowsAfter(revision).filter((row) => isSeen(row, sight))
    },
    firstAfter(sight, revision) {
      if (revision < since) return revision + 1
      return rowsAfter(revision).find((row) => isSeen(row, sight))?.revision
    },
  }
}

/**
 * Whether a verifier with this sight has to hear of the change. Verifiers judge no sessions. A row without a company
 * may concern any.
 */
export function isSeen({ scope, company_id: companyId }: LogRow, sight: Sight): boolean {
  if (scope === 'session') return false
  return sight === null || companyId === null || companyId === undefined || companyId === sight
}
