import type { CompanyId } from '@latchkey/core/ids'
import { prepared } from './prepared.ts'
import { rowsById } from './rows-by-id.ts'
import type { CompanyRow, Db } from './schema.ts'

export async function findCompany(db: Db, id: CompanyId): Promise<CompanyRow | undefined> {
  const [company] = await companyById(db, { id })
  return company
}

const companyById = prepared((db, { id }: { id: CompanyId }) =>
  db.selectFrom('companies').selectAll().where('id', '=', id),
)

export async function findOperatorCompany(db: Db): Promise<CompanyRow | undefined> {
  return db.selectFrom('companies').selectAll().where('is_operator', '=', 1).executeTakeFirst()
}

export async function findCompanyByExternalId(db: Db, externalId: string): Promise<CompanyRow | undefined> {
  return db.selectFrom('companies').selectAll().where('external_id', '=', externalId).executeTakeFirst()
}

export async function insertCompany(db: Db, row: CompanyRow): Promise<void> {
  await db.insertInto('companies').values(row).execute()
}

export async function updateCompanyRow(
  db: Db,
  id: CompanyId,
  changes: Partial<Pick<CompanyRow, 'name' | 'external_id' | 'status' | 'updated_at' | 'version'>>,
): Promise<void> {
  await db.updateTable('companies').set(changes).where('id', '=', id).execute()
}

/** By id, as `findCompanies(db, {}, ids)`. */
export const findCompanies = rowsById((db, _filter: Record<string, never>, ids) =>
  db.selectFrom('companies').selectAll().where('id', 'in', ids),
)

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
