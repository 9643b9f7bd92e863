import { AppError } from '@latchkey/core/error'
import type { CompanyId } from '@latchkey/core/ids'
import { verifyStore } from '../audit/verify-store.ts'
import { requesterOnHost } from '../changes/requester.ts'
import { pruneAudit } from '../companies/prune-audit.ts'
import { presentAuditEvent } from '../http/present/present-audit-event.ts'
import type { Services } from '../services.ts'
import { findFirstEventSince, listEventsAfter } from '../storage/tables/audit.ts'
import { findLedger } from '../storage/tables/ledger.ts'

/** Events taken away by one transaction, which holds their company: about half a second. */
const STEP_EVENTS = 20_000
/** Events read at once: some 500 KB. */
const CHUNK_ROWS = 1_000

type HostServices = Pick<Services, 'engine' | 'change' | 'chain'>

/** Where the events go. `keep` answers when all that was written is durable. */
type AuditExport = { write(lines: string): void; keep(): void }

type PrunedAudit = { readonly events: number; readonly companies: number }

/**
 * Takes away the events of every company that happened before a moment, oldest first up to the first that is younger,
 * after they are written and kept. Every chain has to hold, and holds afterwards. Throws AppError `audit_broken`, and
 * StoreError where the store does not let it.
 */
export async function pruneAuditOnHost(
  services: HostServices,
  beforeMs: number,
  target: AuditExport,
): Promise<PrunedAudit> {
  await services.engine.assertMayPrune?.()
  const { list, chains } = await verifyStore(services)
  const isWhole = list.isIntact && chains.every(({ report }) => report.isIntact)
  if (!isWhole) {
    throw new AppError('audit_broken', 'Not every chain holds, so nothing is pruned: latchkey audit verify.')
  }
  let [events, companies] = [0, 0]
  for (const { companyId, report } of chains) {
    const pruned = await pruneCompany(
      services,
      companyId,
      beforeMs,
      target,
      report.acceptedBreaks !== undefined,
    )
    events += pruned
    if (pruned > 0) companies += 1
  }
  return { events, companies }
}

async function pruneCompany(
  { engine, change }: HostServices,
  companyId: CompanyId,
  beforeMs: number,
  target: AuditExport,
  hasAcceptedBreaks: boolean,
): Promise<number> {
  const { from, end } = await engine.read(async (db) => {
    const [ledger, first] = [
      await findLedger(db, companyId),
      await findFirstEventSince(db, companyId, beforeMs),
    ]
    return { from: ledger!.auditCut, end: first === undefined ? ledger!.auditCount : first - 1 }
  })
  let done = from
  while (done < end) {
    const cut = await exportStep(engine, companyId, done, Math.min(end, done + STEP_EVENTS), target)
    const isPruned = await change(requesterOnHost(companyId), companyId, (open) =>
      pruneAudit(open, cut, hasAcceptedBreaks),
    )
    if (!isPruned) throw overtaken(companyId)
    done = cut.sequence
  }
  return done - from
}

/** Writes the events after `from` up to `to`, each of which has to be there; answers the last one. */
async function exportStep(
  engine: Services['engine'],
  companyId: CompanyId,
  from: number,
  to: number,
  target: AuditExport,
): Promise<{ readonly sequence: number; readonly head: Uint8Array }> {
  let last = { sequence: from, head: new Uint8Array() as Uint8Array }
  while (last.sequence < to) {
    const limit = Math.min(CHUNK_ROWS, to - last.sequence)
    const rows = await engine.read((db) => listEventsAfter(db, companyId, last.sequence, limit))
    // Where some are gone by now, those that come next are younger than what is to go.
    const row = rows[limit - 1]
    if (row?.sequence !== last.sequence + limit) throw overtaken(companyId)
    target.write(rows.map((each) => `${JSON.stringify(presentAuditEvent(each))}\n`).join(''))
    last = { sequence: row.sequence, head: row.hash }
  }
  target.keep()
  return last
}

function overtaken(companyId: CompanyId): AppError {
  return new AppError(
    'audit_broken',
    `Somebody else took events of ${companyId} away meanwhile: look with latchkey audit verify, then run it again.`,
  )
}
