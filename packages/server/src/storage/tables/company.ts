import type { CompanyId } from '@latchkey/core/ids'

/* A company of the domain, and the row that holds it: see key.ts. What every write in it moves is its ledger. */

export type Company = {
  readonly id: CompanyId
  readonly name: string
  /** The host application's own id of it. */
  readonly externalId: string | null
  readonly status: 'active' | 'inactive'
  /** The first of the deployment. */
  readonly isOperator: boolean
  /** Milliseconds since the epoch, as every time here. */
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly version: number
}

/** The columns of the ledger are in ledger.ts. */
export type CompanyColumns = {
  id: CompanyId
  name: string
  external_id: string | null
  status: 'active' | 'inactive'
  is_operator: 0 | 1
  created_at: number
  updated_at: number
  version: number
}

export function companyOf(row: CompanyColumns): Company {
  return {
    id: row.id,
    name: row.name,
    externalId: row.external_id,
    status: row.status,
    isOperator: row.is_operator === 1,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
    version: row.version,
  }
}

export function columnsOfCompany(company: Company): CompanyColumns {
  return {
    id: company.id,
    name: company.name,
    external_id: company.externalId,
    status: company.status,
    is_operator: company.isOperator ? 1 : 0,
    created_at: company.createdAtMs,
    updated_at: company.updatedAtMs,
    version: company.version,
  }
}
