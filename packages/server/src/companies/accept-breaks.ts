import { AppError } from '@latchkey/core/error'
import { appendAcceptance } from '../audit/append-event.ts'
import { isEqual } from '../audit/chain.ts'
import { BREAK_ACCEPTED, type Walked } from '../audit/chain-walk.ts'
import { examineCompanyList, type WalkedList } from '../audit/company-list.ts'
import { endFault, walkCompany } from '../audit/verify-chain.ts'
import type { Change } from '../changes/change.ts'
import { findDeploymentLocked, updateDeployment } from '../storage/tables/deployment.ts'
import { saveLedger } from '../storage/tables/ledger.ts'

/** Also of a list that was accepted: the operator's company keeps it. */
const LIST_ACCEPTED = 'store.companies_accepted'

/**
 * Accepts what does not fit in a company's chain, as it is there now: the chain goes on after an event that names the
 * breaks, and another one later is not accepted with them.
 *
 * NOTE: the whole chain is read while the company's row is held, so that nothing else is accepted than what was read.
 * `seen`: what somebody has looked at. Throws AppError `audit_broken` when it is not what is there.
 */
export async function acceptBreaks(change: Change, seen: Walked | undefined): Promise<void> {
  const { db, chain, ledger } = change
  const { walked } = await walkCompany(db, chain, ledger.id)
  if (walked.broken === undefined && endFault(chain, ledger, walked) === undefined) return
  // Longer it may be: whoever takes power away meanwhile goes on.
  if (seen === undefined || walked.digest !== seen.digest || walked.sequence < seen.sequence) {
    throw new AppError(
      'audit_broken',
      `The chain of ${ledger.id} was changed again meanwhile, and that is not accepted: look once more.`,
    )
  }
  await appendAcceptance(change, ledger, change.nextId, walked, {
    action: BREAK_ACCEPTED,
    object: { type: 'company', id: ledger.id },
    changes: {
      breaks: [null, walked.digest],
      count: [ledger.auditCount, walked.sequence],
      cut: [walked.cut, ledger.auditCut],
    },
  })
  await saveLedger(db, ledger)
}

/**
 * Accepts the list of companies as it is there now; `check` is what the store notes of its server secret. `seen`: what
 * somebody has looked at. Throws AppError `audit_broken` when it is not what is there.
 */
export async function acceptCompanyList(
  { db, chain, ledger, record }: Change,
  check: Uint8Array,
  seen: WalkedList,
): Promise<void> {
  const deployment = await findDeploymentLocked(db)
  const { report, walked } = await examineCompanyList(db, chain)
  if (report.isIntact || deployment === undefined) return
  if (!isEqual(walked.head, seen.head)) {
    throw new AppError(
      'audit_broken',
      'The list of companies was changed again meanwhile, and that is not accepted: look once more.',
    )
  }
  const { count, list } = walked
  await updateDeployment(db, { ...list, secret_check: check, companies_count: count })
  const companies = [deployment.companies_count, count] as const
  await record({ action: LIST_ACCEPTED, object: { type: 'company', id: ledger.id }, changes: { companies } })
}
