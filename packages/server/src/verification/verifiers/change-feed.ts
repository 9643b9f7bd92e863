import type { CompanyId } from '@latchkey/core/ids'
import type { Changes } from '../../storage/engine.ts'
import type { LogRow } from '../../storage/tables/schema.ts'

/** Changes that are kept to be told; whoever asks for older ones forgets everything. About 150 bytes each. */
const KEPT_MAX = 10_000

/** The company whose keys are seen; null: every company's. */
export type Sight = CompanyId | null

/** The last changes of the log, as they were applied here: what verifiers elsewhere are told. */
export type ChangeFeed = {
  /** Takes in what was applied. `isNext`: it goes on where the last ended; else what was before is not known. */
  take(changes: Changes, isNext: boolean): void
  /** Those after a revision that are seen; undefined: not all of them are known any more. */
  after(sight: Sight, revision: number): readonly LogRow[] | undefined
  /**
   * The first revision after another that may have to be told: one that is seen, or one that is not known any more.
   * undefined: there is none.
   */
  firstAfter(sight: Sight, revision: number): number | undefined
}

export function createChangeFeed(): ChangeFeed {
  let rows: readonly LogRow[] = []
  /** What lies before the first of them. */
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
 * Whether whoever has this sight has to hear of it. Sessions are not judged elsewhere. A row of which nobody said
 * whose it is may be anybody's.
 */
export function isSeen({ scope, company_id: companyId }: LogRow, sight: Sight): boolean {
  if (scope === 'session') return false
  return sight === null || companyId === null || companyId === undefined || companyId === sight
}
