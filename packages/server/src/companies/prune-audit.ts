import { appendCut } from '../audit/append-event.ts'
import { walkChain } from '../audit/chain-walk.ts'
import type { Change } from '../changes/change.ts'
import { deleteEventsUpTo, listEventsAfter } from '../storage/tables/audit.ts'
import { saveLedgerWithCut } from '../storage/tables/ledger.ts'

const CHUNK_ROWS = 1_000

/**
 * Takes the events up to `sequence` from the start of a company's chain, which has to hold: what remains starts from
 * the hash of the last that goes, under the seal of the company's row, and an event says so. Answers false when the
 * event at `sequence` is not, or no longer, the one whose hash is `head`. Throws AppError `audit_broken`.
 */
export async function pruneAudit(
  change: Change,
  cut: { readonly sequence: number; readonly head: Uint8Array },
  hasAcceptedBreaks: boolean,
): Promise<boolean> {
  const { db, chain, ledger } = change
  const [last] = await listEventsAfter(db, ledger.id, cut.sequence - 1, 1)
  if (last?.sequence !== cut.sequence || !Buffer.from(last.hash).equals(cut.head)) return false
  // What somebody accepted stays accepted, told anew: the break may be what goes.
  const walk = walkChain(chain, cut)
  for (let after = cut.sequence; hasAcceptedBreaks; ) {
    const events = await listEventsAfter(db, ledger.id, after, CHUNK_ROWS)
    for (const event of events) walk.take(event)
    after = events.at(-1)?.sequence ?? after
    if (events.length < CHUNK_ROWS) break
  }
  await appendCut(change, ledger, change.nextId, cut, walk.state().digest)
  // In this order: PostgreSQL lets no event be deleted that the company's row does not call cut.
  await saveLedgerWithCut(db, ledger)
  await deleteEventsUpTo(db, ledger.id, cut.sequence)
  return true
}
