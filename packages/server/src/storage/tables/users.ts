import type { CompanyId, UserId } from '@latchkey/core/ids'
import { prepared } from '../prepared.ts'
import { rowsById } from './rows-by-id.ts'
import type { Db } from './schema.ts'
import { rowOfUser, type User, type UserRow, userOf } from './user.ts'

/** Of a company; not one that was deleted. */
export async function findUser(db: Db, companyId: CompanyId, id: UserId): Promise<User | undefined> {
  const [row] = await userOfCompany(db, { companyId, id })
  return row?.deleted_at === null ? userOf(row) : undefined
}

/** Also one that was deleted: a position in a list stays one. */
export async function findUserOrDeleted(db: Db, companyId: CompanyId, id: UserId): Promise<User | undefined> {
  const [row] = await userOfCompany(db, { companyId, id })
  return found(row)
}

const userOfCompany = prepared((db, { companyId, id }: { companyId: CompanyId; id: UserId }) =>
  db.selectFrom('users').selectAll().where('company_id', '=', companyId).where('id', '=', id),
)

export async function findUserByExternalId(
  db: Db,
  companyId: CompanyId,
  externalId: string,
): Promise<User | undefined> {
  const row = await db
    .selectFrom('users')
    .selectAll()
    .where('company_id', '=', companyId)
    .where('external_id', '=', externalId)
    .executeTakeFirst()
  return found(row)
}

/** Email addresses are stored in lower case and are unique in their company. */
export async function findUserByEmail(
  db: Db,
  companyId: CompanyId,
  email: string,
): Promise<User | undefined> {
  const row = await db
    .selectFrom('users')
    .selectAll()
    .where('company_id', '=', companyId)
    .where('email', '=', email.toLowerCase())
    .executeTakeFirst()
  return found(row)
}

/** Of every company: only for the host's own commands, never for a request. The oldest first. */
export async function findUsersByEmail(db: Db, email: string, limit: number): Promise<User[]> {
  const rows = await db
    .selectFrom('users')
    .selectAll()
    .where('email', '=', email.toLowerCase())
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(userOf)
}

/** Whatever its company: only for the host's own commands, never for a request. */
export async function findUserInDeployment(db: Db, id: UserId): Promise<User | undefined> {
  const row = await db
    .selectFrom('users')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return found(row)
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

export async function insertUser(db: Db, user: User): Promise<void> {
  await db.insertInto('users').values(rowOfUser(user)).execute()
}

/** All of the user as it is from now on. */
export async function updateUser(db: Db, user: User): Promise<void> {
  const { id, company_id: _company, created_at: _created, ...columns } = rowOfUser(user)
  await db.updateTable('users').set(columns).where('id', '=', id).execute()
}

type KeyCounts = Pick<UserRow, 'id' | 'keys_active' | 'keys_inactive'>

const keyCountsUpdate = prepared((db, { id, ...counts }: KeyCounts) =>
  db.updateTable('users').set(counts).where('id', '=', id),
)

/** The counters that a key's creation moves. */
export async function saveKeyCounts(
  db: Db,
  { id, keysActive, keysInactive }: Pick<User, 'id' | 'keysActive' | 'keysInactive'>,
): Promise<void> {
  await keyCountsUpdate(db, { id, keys_active: keysActive, keys_inactive: keysInactive })
}

const usersById = rowsById((db, { companyId }: { companyId: CompanyId }, ids) =>
  db.selectFrom('users').selectAll().where('company_id', '=', companyId).where('id', 'in', ids),
)

/** Those of the company among the ids, by id. */
export async function findUsers(
  db: Db,
  companyId: CompanyId,
  ids: readonly string[],
): Promise<Map<string, User>> {
  const rows = await usersById(db, { companyId }, ids)
  return new Map(Array.from(rows, ([id, row]) => [id, userOf(row)]))
}

const found = (row: UserRow | undefined): User | undefined => (row === undefined ? undefined : userOf(row))
