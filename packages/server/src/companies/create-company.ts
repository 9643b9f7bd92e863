import { inputError } from '@latchkey/core/error'
import { nextId } from '@latchkey/core/ids'
import { nobody } from '@latchkey/core/principal'
import { newChain } from '../audit/chain.ts'
import { companyListBroken, extendCompanyList } from '../audit/company-list.ts'
import { changeIn, type Tx } from '../changes/change.ts'
import { findCompanyByExternalId, insertCompany } from '../storage/tables/companies.ts'
import type { Company } from '../storage/tables/company.ts'
import { countCompany, findDeploymentLocked } from '../storage/tables/deployment.ts'
import type { Ledger } from '../storage/tables/ledger-columns.ts'
import type { Db } from '../storage/tables/schema.ts'

export type NewCompany = {
  readonly name: string
  readonly externalId?: string | null
  readonly isOperator?: boolean
}

/** Creates a company; its chain of audit events begins with its creation. Throws AppError: input faults. */
export async function createCompany(tx: Tx, input: NewCompany): Promise<Company> {
  const externalId = input.externalId ?? null
  const deployment = await findDeploymentLocked(tx.db)
  await assertExternalIdFree(tx.db, externalId)
  if (deployment === undefined) throw new Error('the deployment row is missing')
  const isOperator = input.isOperator === true
  // The first of all companies: where others were before, somebody has taken it away.
  if (isOperator && deployment.companies_count > 0) throw companyListBroken()
  const id = nextId('cmp', {
    nowMs: tx.nowMs,
    randomBytes: tx.randomBytes,
    ...(deployment.last_company_id === null ? {} : { after: deployment.last_company_id }),
  })
  const company: Company = {
    id,
    name: input.name,
    externalId,
    status: 'active',
    isOperator,
    createdAtMs: tx.nowMs,
    updatedAtMs: tx.nowMs,
    version: 1,
  }
  await insertCompany(tx.db, company, newLedger(tx, company))
  await countCompany(tx.db, id, extendCompanyList(tx.chain, deployment, id))
  await changeIn(tx, nobody(id), id, (change) =>
    change.record({
      action: 'company.created',
      object: { type: 'company', id },
      changes: { name: [null, company.name], externalId: [null, externalId] },
    }),
  )
  return company
}

const newLedger = ({ chain }: Tx, { id, status, isOperator }: Company): Ledger => ({
  ...newChain(chain, id),
  status,
  isOperator,
  lastId: id,
  usersCount: 0,
  keysActive: 0,
  keysInactive: 0,
})

/** Throws an input fault when another company has the external id. */
export async function assertExternalIdFree(db: Db, externalId: string | null): Promise<void> {
  if (externalId === null || (await findCompanyByExternalId(db, externalId)) === undefined) return
  throw inputError([
    {
      pointer: '/externalId',
      code: 'already_exists',
      detail: 'belongs to another company: GET /companies?externalId= finds it.',
    },
  ])
}
