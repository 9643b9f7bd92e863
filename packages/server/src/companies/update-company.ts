import { AppError } from '@latchkey/core/error'
import { changesBetween, isOnly } from '../audit/changes-between.ts'
import type { Change } from '../changes/change.ts'
import { findCompany, updateCompanyRow } from '../storage/companies.ts'
import type { CompanyRow } from '../storage/schema.ts'
import { assertExternalIdFree } from './create-company.ts'

export type CompanyPatch = {
  readonly name?: string
  readonly externalId?: string | null
  readonly status?: 'active' | 'inactive'
}

/** Changes what the patch names. Throws AppError: input faults, `company_not_found`, `operator_company`. */
export async function updateCompany(change: Change, patch: CompanyPatch): Promise<CompanyRow> {
  const { db, nowMs } = change
  const companyId = change.ledger.id
  const company = await findCompany(db, companyId)
  if (company === undefined) throw companyNotFound()
  const next = {
    name: patch.name ?? company.name,
    external_id: patch.externalId === undefined ? company.external_id : patch.externalId,
    status: patch.status ?? company.status,
  }
  if (next.external_id !== company.external_id) await assertExternalIdFree(db, next.external_id)
  if (company.is_operator === 1 && next.status === 'inactive') {
    throw new AppError(
      'operator_company',
      "This is the operator's company, which nobody could activate again: deactivate its users or keys instead.",
    )
  }
  const changes = changesBetween(present(company), present(next))
  change.revoke({ scope: 'company', id: companyId })
  if (Object.keys(changes).length === 0) return company
  const columns = { ...next, updated_at: nowMs, version: company.version + 1 }
  await updateCompanyRow(db, companyId, columns)
  const object = { type: 'company', id: companyId } as const
  const isUrgent = isOnly(changes, 'status', 'inactive')
  await change.record({ action: 'company.updated', object, changes, isUrgent })
  return { ...company, ...columns }
}

export function companyNotFound(): AppError {
  return new AppError('company_not_found', 'There is no such company.')
}

function present(company: Pick<CompanyRow, 'name' | 'external_id' | 'status'>) {
  return { name: company.name, externalId: company.external_id, status: company.status }
}
