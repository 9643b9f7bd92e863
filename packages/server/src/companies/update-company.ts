import type { CompanyUpdate } from '@latchkey/contract/schemas/companies'
import { AppError } from '@latchkey/core/error'
import { assertCovers, assertMayEqual } from '@latchkey/core/escalation'
import { compileAuthority } from '@latchkey/core/permission'
import { changesBetween, isOnly } from '../audit/changes-between.ts'
import type { Change } from '../changes/change.ts'
import { versionConflict } from '../changes/version-conflict.ts'
import { findCompany, updateCompany as saveCompany } from '../storage/tables/companies.ts'
import type { Company } from '../storage/tables/company.ts'
import { assertExternalIdFree } from './create-company.ts'

/**
 * Changes what the patch names. `isExpected` decides on the company's version (If-Match). Throws AppError: input faults,
 * `company_not_found`, `precondition_failed`, `operator_company`, `permission_escalation`.
 */
export async function updateCompany(
  change: Change,
  patch: CompanyUpdate,
  isExpected: (version: number) => boolean = () => true,
): Promise<Company> {
  const { db, nowMs } = change
  const companyId = change.ledger.id
  const company = await findCompany(db, companyId)
  if (company === undefined) throw companyNotFound()
  if (!isExpected(company.version)) throw versionConflict('company', company)
  // A field of the contract that is forgotten here does not compile.
  const next: Pick<Company, keyof CompanyUpdate> = {
    name: patch.name ?? company.name,
    externalId: patch.externalId === undefined ? company.externalId : patch.externalId,
    status: patch.status ?? company.status,
  }
  if (next.externalId !== company.externalId) {
    if (next.externalId !== null) assertMayLink(change)
    await assertExternalIdFree(db, next.externalId)
  }
  if (company.isOperator && next.status === 'inactive') {
    throw new AppError(
      'operator_company',
      "This is the operator's company, which nobody could activate again: deactivate its users or keys instead.",
    )
  }
  const changes = changesBetween(fieldsOf(company), next)
  change.revoke({ scope: 'company', id: companyId })
  if (Object.keys(changes).length === 0) return company
  const updated = { ...company, ...next, updatedAtMs: nowMs, version: company.version + 1 }
  await saveCompany(db, updated)
  const object = { type: 'company', id: companyId } as const
  const isUrgent = isOnly(changes, 'status', 'inactive')
  await change.record({ action: 'company.updated', object, changes, isUrgent })
  return updated
}

/**
 * An outside issuer that is listed under an external id speaks for everybody in the company that has it, owners too. One
 * that nobody is in yet may soon have some. Taking the id away gives nobody anything.
 */
function assertMayLink({ principal, ledger }: Change): void {
  const { id: companyId, isOperator } = ledger
  const role = 'owner'
  assertCovers(principal, compileAuthority({ role, isOperator, userPermissions: null, narrowings: [] }))
  assertMayEqual(principal, { companyId, role })
}

export function companyNotFound(): AppError {
  return new AppError('company_not_found', 'There is no such company.')
}

const fieldsOf = ({ name, externalId, status }: Company) => ({ name, externalId, status })
