import { AppError } from '@latchkey/core/error'
import { isId } from '@latchkey/core/ids'
import { isRepeatable } from '@latchkey/core/repeatable'
import type { StoreReport } from '../audit/verify-store.ts'
import { requesterOnHost } from '../changes/requester.ts'
import { acceptBreaks, acceptCompanyList } from '../companies/accept-breaks.ts'
import { secretCheckOf } from '../deployment.ts'
import { presentAuditEvent } from '../http/present/present-audit-event.ts'
import type { Services } from '../services.ts'
import { listEventsAfter } from '../storage/tables/audit.ts'
import { findCompany, findOperatorCompany } from '../storage/tables/companies.ts'
import { findLedger } from '../storage/tables/ledger.ts'

/**
 * Accepts what was found in the audit chains and in the list of companies, so that the service goes on. What does not
 * fit stays as it is, and that it was accepted is written down. Throws AppError `company_not_found` when the
 * operator's company is gone, `audit_broken` when a chain or the list was changed again since.
 */
export async function acceptBrokenAudit(
  { engine, change, derivedKeys }: Pick<Services, 'engine' | 'change' | 'derivedKeys'>,
  { list, walkedList, chains }: StoreReport,
): Promise<void> {
  for (const { companyId, report, walked } of chains) {
    if (report.isIntact) continue
    await change(requesterOnHost(companyId), companyId, (open) => acceptBreaks(open, walked))
  }
  if (list.isIntact) return
  const operator = await engine.read(findOperatorCompany)
  if (operator === undefined) {
    throw new AppError('company_not_found', "The operator's company is gone: restore a backup.")
  }
  await change(requesterOnHost(operator.id), operator.id, (change) =>
    acceptCompanyList(change, secretCheckOf(derivedKeys.check), walkedList),
  )
}

const EVENTS_CHUNK = 1_000

/**
 * Every audit event of a company, oldest first, as the API shows them. Throws AppError `company_not_found`, and
 * `audit_broken` when events that were not read yet are pruned meanwhile.
 */
export async function* exportAuditEvents(
  { engine }: Pick<Services, 'engine'>,
  companyId: string,
): AsyncGenerator<string> {
  const company = isId('cmp', companyId)
    ? await engine.inspect((db) => findCompany(db, companyId))
    : undefined
  if (company === undefined) {
    const name = isId('cmp', companyId) || isRepeatable(companyId) ? companyId : 'of that id'
    throw new AppError('company_not_found', `There is no company ${name}.`)
  }
  let sequence = 0
  for (;;) {
    const { rows, cut } = await engine.inspect(async (db) => ({
      rows: await listEventsAfter(db, company.id, sequence, EVENTS_CHUNK),
      cut: (await findLedger(db, company.id))?.auditCut ?? 0,
    }))
    if (sequence > 0 && cut > sequence) {
      throw new AppError(
        'audit_broken',
        `Events of ${company.id} were pruned meanwhile, so that some are not here: they are in the file of that prune.`,
      )
    }
    for (const row of rows) yield JSON.stringify(presentAuditEvent(row))
    sequence = rows.at(-1)?.sequence ?? sequence
    if (rows.length < EVENTS_CHUNK) return
  }
}
