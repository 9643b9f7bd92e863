import type { CompanyId, UserId } from '@latchkey/core/ids'
import { prepared } from './prepared.ts'
import { rowsById } from './rows-by-id.ts'
import type { Db, UserRow } from './schema.ts'

/** Of a company; not one that was deleted. */
export async function findUser(db: Db, companyId: CompanyId, id: UserId): Promise<UserRow | undefined> {
  const [row] = await userOfCompany(db, { companyId, id })
  return row?.deleted_at === null ? row : undefined
}

/** Also one that was deleted: a position in a list stays one. */
export async function findUserOrDeleted(
  db: Db,
  companyId: CompanyId,
  id: UserId,
): Promise<UserRow | undefined> {
  const [row] = await userOfCompany(db, { companyId, id })
  return row
}

const userOfCompany = prepared((db, { companyId, id }: { companyId: CompanyId; id: UserId }) =>
  db.selectFrom('users').selectAll().where('company_id', '=', companyId).where('id', '=', id),
)

export async function findUserByExternalId(
  db: Db,
  companyId: CompanyId,
  externalId: string,
): Promise<UserRow | undefined> {
  return db
    .selectFrom('users')
    .selectAll()
    .where('company_id', '=', companyId)
    .where('external_id', '=', externalId)
    .executeTakeFirst()
}

/** Email addresses are stored in lower case and are unique in their company. */
export async function findUserByEmail(
  db: Db,
  companyId: CompanyId,
  email: string,
): Promise<UserRow | undefined> {
  return db
    .selectFrom('users')
    .selectAll()
    .where('company_id', '=', companyId)
    .where('email', '=', email.toLowerCase())
    .executeTakeFirst()
}

/** Of every company: only for the host's own commands, never for a request. The oldest first. */
export async function findUsersByEmail(db: Db, email: string, limit: number): Promise<UserRow[]> {
  return db
    .selectFrom('users')
    .selectAll()
    .where('email', '=', email.toLowerCase())
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Whatever its company: only for the host's own commands, never for a request. */
export async function findUserInDeployment(db: Db, id: UserId): Promise<UserRow | undefined> {
  return db
    .selectFrom('users')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

/** Whether an active owner other than `except` exists in the company. */
export async function hasOtherActiveOwner(db: Db, companyId: CompanyId, except: UserId): Promise<boolean> {
  const other = await db
    .selectFrom('users')
    .select('id')
    .where('company_id', '=', companyId)
    .where('role', '=', 'owner')
    .where('status', '=', 'active')
    .where('id', '!=', except)
    .limit(1)
    .executeTakeFirst()
  return other !== undefined
}

export async function insertUser(db: Db, row: UserRow): Promise<void> {
  await db.insertInto('users').values(row).execute()
}

export async function updateUserRow(
  db: Db,
  id: UserId,
  changes: Partial<Omit<UserRow, 'id' | 'company_id' | 'created_at'>>,
): Promise<void> {
  await db.updateTable('users').set(changes).where('id', '=', id).execute()
}

type KeyCounts = Pick<UserRow, 'id' | 'keys_active' | 'keys_inactive'>

const keyCountsUpdate = prepared((db, { id, ...counts }: KeyCounts) =>
  db.updateTable('users').set(counts).where('id', '=', id),
)

/** The counters that a key's creation moves. */
export async function saveKeyCounts(db: Db, { id, keys_active, keys_inactive }: KeyCounts): Promise<void> {
  await keyCountsUpdate(db, { id, keys_active, keys_inactive })
}

/** By id, as `findUsers(db, { companyId }, ids)`. */
export const findUsers = rowsById((db, { companyId }: { companyId: CompanyId }, ids) =>
  db.selectFrom('users').selectAll().where('company_id', '=', companyId).where('id', 'in', ids),
)
