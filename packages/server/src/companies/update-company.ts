import { AppError } from '@latchkey/core/error'
import { isId } from '@latchkey/core/ids'
import { auditedChange } from '../audit/audited-change.ts'
import type { AuditChain } from '../audit/chain.ts'
import { changesBetween } from '../audit/changes-between.ts'
import { findCompany, updateCompanyRow } from '../storage/companies.ts'
import type { CompanyRow } from '../storage/schema.ts'
import type { Tx } from '../verification/write.ts'
import { assertExternalIdFree } from './create-company.ts'

export type CompanyPatch = {
  readonly name?: string
  readonly externalId?: string | null
  readonly status?: 'active' | 'inactive'
}

/** Changes what the patch names. Throws AppError: input faults, `company_not_found`, `last_owner`. */
export async function updateCompany(
  tx: Tx,
  chain: AuditChain,
  companyId: string,
  patch: CompanyPatch,
): Promise<CompanyRow> {
  if (!isId('cmp', companyId)) throw companyNotFound()
  return auditedChange(tx, chain, companyId, async (change) => {
    const company = await findCompany(tx.db, companyId)
    if (company === undefined) throw companyNotFound()
    const next = {
      name: patch.name ?? company.name,
      external_id: patch.externalId === undefined ? company.external_id : patch.externalId,
      status: patch.status ?? company.status,
    }
    if (next.external_id !== company.external_id) await assertExternalIdFree(tx.db, next.external_id)
    if (company.is_operator === 1 && next.status === 'inactive') {
      throw new AppError(
        'last_owner',
        'The operator company cannot be deactivated: nobody could activate it again.',
      )
    }
    const changes = changesBetween(present(company), present(next))
    tx.revoke({ scope: 'company', id: companyId })
    if (Object.keys(changes).length === 0) return company
    const columns = { ...next, updated_at: tx.nowMs, version: company.version + 1 }
    await updateCompanyRow(tx.db, companyId, columns)
    await change.record({ action: 'company.updated', object: { type: 'company', id: companyId }, changes })
    return { ...company, ...columns }
  })
}

export function companyNotFound(): AppError {
  return new AppError('company_not_found', 'There is no such company.')
}

function present(company: Pick<CompanyRow, 'name' | 'external_id' | 'status'>) {
  return { name: company.name, externalId: company.external_id, status: company.status }
}
