import type { CompanyId } from '@latchkey/core/ids'
import { sql } from 'kysely'
import type { Db, DeploymentRow } from './schema.ts'

export async function findDeployment(db: Db): Promise<DeploymentRow | undefined> {
  return db.selectFrom('deployment').selectAll().executeTakeFirst()
}

/** The same, held until the transaction ends: companies are counted under it. */
export async function findDeploymentLocked(db: Db): Promise<DeploymentRow | undefined> {
  return db.selectFrom('deployment').selectAll().forUpdate().executeTakeFirst()
}

type SealedDeployment = Pick<DeploymentRow, 'secret_check' | 'companies_head' | 'companies_seal'>

export async function insertDeployment(db: Db, sealed: SealedDeployment, nowMs: number): Promise<void> {
  await db
    .insertInto('deployment')
    .values({
      ...sealed,
      id: 1,
      secret_generation: 1,
      companies_count: 0,
      last_company_id: null,
      created_at: nowMs,
    })
    .execute()
}

type List = Pick<DeploymentRow, 'companies_head' | 'companies_seal'>

/** One more company, and the list with it. */
export async function countCompany(db: Db, lastId: CompanyId, list: List): Promise<void> {
  await db
    .updateTable('deployment')
    .set({ ...list, companies_count: sql`companies_count + 1`, last_company_id: lastId })
    .execute()
}

export async function updateDeployment(
  db: Db,
  sealed: SealedDeployment & Pick<DeploymentRow, 'companies_count'>,
): Promise<void> {
  await db.updateTable('deployment').set(sealed).execute()
}

/**
 * A write that changes nothing, and reaches the disk all the same: SQLite writes no page for a row that is set to what
 * it is.
 */
export async function touchDeployment(db: Db): Promise<void> {
  await db.updateTable('deployment').set({ companies_count: sql`companies_count + 1` }).execute()
  await db.updateTable('deployment').set({ companies_count: sql`companies_count - 1` }).execute()
}
