import type { CompanyId, KeyId } from '@latchkey/core/ids'
import { prepared } from './prepared.ts'
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

export async function findKeyViews(
  db: Db,
  companyId: CompanyId,
  ids: readonly string[],
): Promise<Map<string, KeyView>> {
  if (ids.length === 0) return new Map()
  const rows = await selectKeyViews(db)
    .where('k.company_id', '=', companyId)
    .where('k.id', 'in', ids as readonly KeyId[])
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}

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
