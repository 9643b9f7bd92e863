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

export async function insertDeployment(db: Db, secretCheck: Uint8Array, nowMs: number): Promise<void> {
  await db
    .insertInto('deployment')
    .values({
      id: 1,
      secret_check: secretCheck,
      secret_generation: 1,
      companies_count: 0,
      last_company_id: null,
      created_at: nowMs,
      companies_head: null,
      companies_seal: null,
    })
    .execute()
}

export async function countCompany(db: Db, lastId: CompanyId): Promise<void> {
  await db
    .updateTable('deployment')
    .set({ companies_count: sql`companies_count + 1`, last_company_id: lastId })
    .execute()
}
