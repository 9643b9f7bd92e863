import type { CompanyId } from '@latchkey/core/ids'
import type { Db } from './schema.ts'
import { type User, userOf } from './user.ts'

/** The company's oldest active owner. */
export async function findFirstOwner(db: Db, companyId: CompanyId): Promise<User | undefined> {
  const row = await db
    .selectFrom('users')
    .selectAll()
    .where('company_id', '=', companyId)
    .where('role', '=', 'owner')
    .where('status', '=', 'active')
    .where('deleted_at', 'is', null)
    .orderBy('id')
    .executeTakeFirst()
  return row === undefined ? undefined : userOf(row)
}

/** Whether an active owner of the company can sign in. */
export async function hasOwnerPassword(db: Db, companyId: CompanyId): Promise<boolean> {
  const row = await db
    .selectFrom('users as u')
    .innerJoin('passwords as p', 'p.user_id', 'u.id')
    .select('u.id')
    .where('u.company_id', '=', companyId)
    .where('u.role', '=', 'owner')
    .where('u.status', '=', 'active')
    .whereRef('p.email', '=', 'u.email')
    .executeTakeFirst()
  return row !== undefined
}
