import type { CompanyId, KeyId } from '@latchkey/core/ids'
import { prepared } from './prepared.ts'
import { rowsById } from './rows-by-id.ts'
import type { CompanyRow, Db, KeyRow, UserRow } from './schema.ts'

/** All of a key that may be shown: not what it is found by. */
const SHOWN = [
  'id',
  'company_id',
  'user_id',
  'prefix',
  'last_four',
  'mode',
  'whitelisted_ips',
  'permissions',
  'description',
  'metadata',
  'expires_at',
  'is_enabled',
  'status',
  'created_by',
  'created_at',
  'updated_at',
  'deleted_at',
  'version',
] as const satisfies readonly (keyof KeyRow)[]

/** A key with what its presentation needs of its user, its company and its use. */
export type KeyView = Pick<KeyRow, (typeof SHOWN)[number]> & {
  readonly user_status: UserRow['status']
  readonly company_status: CompanyRow['status']
  readonly last_used_at: number | null
}

function selectKeyViews(db: Db) {
  return db
    .selectFrom('keys as k')
    .innerJoin('users as u', 'u.id', 'k.user_id')
    .innerJoin('companies as c', 'c.id', 'k.company_id')
    .leftJoin('key_usage as g', 'g.key_id', 'k.id')
    .select(SHOWN.map((column) => `k.${column}` as const))
    .select(['u.status as user_status', 'c.status as company_status', 'g.last_used_at'])
}

const keyView = prepared((db, { companyId, id }: { companyId: CompanyId; id: KeyId }) =>
  selectKeyViews(db).where('k.company_id', '=', companyId).where('k.id', '=', id),
)

export async function findKeyView(db: Db, companyId: CompanyId, id: KeyId): Promise<KeyView | undefined> {
  const [view] = await keyView(db, { companyId, id })
  return view
}

/** How many keys of one maker; null: made on the host. */
export type MadeKeys = { readonly createdBy: string | null; readonly count: number }

/** Told of so many makers, the most productive ones, and counted among so many keys: a write waits for it. */
const MAKERS_MAX = 20
const LOOKED_AT_MAX = 1_000

/** The active keys of a user that grow with it, among its latest, by whose hand they were made. */
export async function countGrowingKeys(
  db: Db,
  { id, company_id }: Pick<UserRow, 'id' | 'company_id'>,
): Promise<MadeKeys[]> {
  const keys = db
    .selectFrom('keys')
    .select(['created_by', 'permissions'])
    .where('company_id', '=', company_id)
    .where('user_id', '=', id)
    .where('status', '=', 'active')
    .orderBy('id', 'desc')
    .limit(LOOKED_AT_MAX)
  const rows = await db
    .selectFrom(keys.as('keys_of_user'))
    // A list without a pattern names all that the key may ever do.
    .where((where) => where.or([where('permissions', 'is', null), where('permissions', 'like', '%*%')]))
    .select((select) => ['created_by', select.fn.countAll<number>().as('count')])
    .groupBy('created_by')
    .orderBy('count', 'desc')
    .orderBy('created_by')
    .limit(MAKERS_MAX)
    .execute()
  return rows.map(({ created_by, count }) => ({ createdBy: created_by, count: Number(count) }))
}

/** By id, as `findKeyViews(db, { companyId }, ids)`. */
export const findKeyViews = rowsById((db, { companyId }: { companyId: CompanyId }, ids) =>
  selectKeyViews(db).where('k.company_id', '=', companyId).where('k.id', 'in', ids),
)

export async function findKey(db: Db, companyId: CompanyId, id: KeyId): Promise<KeyRow | undefined> {
  return db
    .selectFrom('keys')
    .selectAll()
    .where('company_id', '=', companyId)
    .where('id', '=', id)
    .executeTakeFirst()
}

const keyInsert = prepared((db, row: KeyRow) => db.insertInto('keys').values(row))

export async function insertKey(db: Db, row: KeyRow): Promise<void> {
  await keyInsert(db, row)
}

export async function updateKeyRow(
  db: Db,
  id: KeyId,
  changes: Partial<Omit<KeyRow, 'id' | 'company_id' | 'user_id' | 'created_at'>>,
): Promise<void> {
  await db.updateTable('keys').set(changes).where('id', '=', id).execute()
}
