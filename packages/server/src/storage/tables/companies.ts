import type { CompanyId } from '@latchkey/core/ids'
import { prepared } from '../prepared.ts'
import { type Company, type CompanyColumns, columnsOfCompany, companyOf } from './company.ts'
import { columnsOfLedger, type Ledger } from './ledger-columns.ts'
import { rowsById } from './rows-by-id.ts'
import type { Db } from './schema.ts'

export async function findCompany(db: Db, id: CompanyId): Promise<Company | undefined> {
  const [row] = await companyById(db, { id })
  return found(row)
}

const companyById = prepared((db, { id }: { id: CompanyId }) =>
  db.selectFrom('companies').selectAll().where('id', '=', id),
)

export async function findOperatorCompany(db: Db): Promise<Company | undefined> {
  return found(await db.selectFrom('companies').selectAll().where('is_operator', '=', 1).executeTakeFirst())
}

export async function findCompanyByExternalId(db: Db, externalId: string): Promise<Company | undefined> {
  return found(
    await db.selectFrom('companies').selectAll().where('external_id', '=', externalId).executeTakeFirst(),
  )
}

export async function insertCompany(db: Db, company: Company, ledger: Ledger): Promise<void> {
  await db
    .insertInto('companies')
    .values({ ...columnsOfCompany(company), ...columnsOfLedger(ledger) })
    .execute()
}

/** All of the company as it is from now on, but for its ledger. */
export async function updateCompany(db: Db, company: Company): Promise<void> {
  const { id, is_operator: _isOperator, created_at: _created, ...columns } = columnsOfCompany(company)
  await db.updateTable('companies').set(columns).where('id', '=', id).execute()
}

const companiesById = rowsById((db, _filter: Record<string, never>, ids) =>
  db.selectFrom('companies').selectAll().where('id', 'in', ids),
)

/** Those among the ids, by id. */
export async function findCompanies(db: Db, ids: readonly string[]): Promise<Map<string, Company>> {
  const rows = await companiesById(db, {}, ids)
  return new Map(Array.from(rows, ([id, row]) => [id, companyOf(row)]))
}

/** Ids after `after`, in order: for work that goes through every company. */
export async function listCompanyIdsAfter(db: Db, after: string, limit: number): Promise<CompanyId[]> {
  const rows = await db
    .selectFrom('companies')
    .select('id')
    .where('id', '>', after as CompanyId)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map((row) => row.id)
}

const found = (row: CompanyColumns | undefined): Company | undefined =>
  row === undefined ? undefined : companyOf(row)
