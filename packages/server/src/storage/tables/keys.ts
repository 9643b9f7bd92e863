import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { OutcomeCode } from '@latchkey/core/outcome-code'
import { prepared } from '../prepared.ts'
import type { Company } from './company.ts'
import { KEY_COLUMNS, type Key, type KeyRow, keyOf, rowOfKey } from './key.ts'
import { findRotation, type Rotation } from './rotation.ts'
import { rowsById } from './rows-by-id.ts'
import type { Db, Schema } from './schema.ts'
import type { Refusal } from './usage-report.ts'
import type { User } from './user.ts'

/** A key with what its presentation needs of its user, its company and its use. */
export type KeyView = Key & {
  readonly userStatus: User['status']
  readonly companyStatus: Company['status']
  /** null: never used. */
  readonly lastUsedAtMs: number | null
  /** From where; null: never used, or the address was not known. */
  readonly lastAddress: string | null
  /** null: never refused. */
  readonly lastRefusal: Refusal | null
  /** The last one; null: there was none, or it was cancelled. */
  readonly rotation: Rotation | null
}

type ViewRow = KeyRow & {
  readonly previous_tag: Uint8Array | null
  readonly user_status: User['status']
  readonly company_status: Company['status']
  readonly last_used_at: number | null
  readonly last_address: string | null
  readonly last_refused_at: number | null
  readonly last_refused_code: OutcomeCode | null
  readonly last_refused_address: string | null
}

const viewOf = (row: ViewRow, rotation: Rotation | null): KeyView => ({
  ...keyOf(row),
  userStatus: row.user_status,
  companyStatus: row.company_status,
  lastUsedAtMs: row.last_used_at,
  lastAddress: row.last_address,
  lastRefusal: refusalOf(row),
  rotation,
})

const refusalOf = (row: ViewRow): Refusal | null =>
  row.last_refused_at === null || row.last_refused_code === null
    ? null
    : { atMs: row.last_refused_at, code: row.last_refused_code, address: row.last_refused_address }

function selectKeyViews(db: Db) {
  return db
    .selectFrom('keys as k')
    .innerJoin('users as u', 'u.id', 'k.user_id')
    .innerJoin('companies as c', 'c.id', 'k.company_id')
    .leftJoin('key_usage as g', 'g.key_id', 'k.id')
    .leftJoin('usage_keys as r', 'r.key_id', 'k.id')
    .select(KEY_COLUMNS.map((column) => `k.${column}` as const))
    .select(['k.previous_tag', 'u.status as user_status', 'c.status as company_status'])
    .select(['g.last_used_at', 'g.last_address'])
    .select(['r.last_refused_at', 'r.last_refused_code', 'r.last_refused_address'])
}

const keyView = prepared((db, { companyId, id }: { companyId: CompanyId; id: KeyId }) =>
  selectKeyViews(db).where('k.company_id', '=', companyId).where('k.id', '=', id),
)

export async function findKeyView(db: Db, companyId: CompanyId, id: KeyId): Promise<KeyView | undefined> {
  const [row] = await keyView(db, { companyId, id })
  return row === undefined ? undefined : viewOf(row, await findRotation(db, row.previous_tag))
}

/** How many keys of one maker; null: made on the host. */
export type MadeKeys = { readonly createdBy: string | null; readonly count: number }

/** Told of so many makers, the most productive ones, and counted among so many keys: a write waits for it. */
const MAKERS_MAX = 20
const LOOKED_AT_MAX = 1_000

/** The active keys of a user that grow with it, among its latest, by whose hand they were made. */
export async function countGrowingKeys(
  db: Db,
  { id, companyId }: Pick<User, 'id' | 'companyId'>,
): Promise<MadeKeys[]> {
  const keys = db
    .selectFrom('keys')
    .select(['created_by', 'permissions'])
    .where('company_id', '=', companyId)
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

const keyViews = rowsById((db, { companyId }: { companyId: CompanyId }, ids) =>
  selectKeyViews(db).where('k.company_id', '=', companyId).where('k.id', 'in', ids),
)

/** Those of the company among the ids, by id. */
export async function findKeyViews(
  db: Db,
  companyId: CompanyId,
  ids: readonly string[],
): Promise<Map<string, KeyView>> {
  const rows = await keyViews(db, { companyId }, ids)
  const views = new Map<string, KeyView>()
  for (const [id, row] of rows) views.set(id, viewOf(row, await findRotation(db, row.previous_tag)))
  return views
}

export async function findKey(db: Db, companyId: CompanyId, id: KeyId): Promise<Key | undefined> {
  const row = await db
    .selectFrom('keys')
    .selectAll()
    .where('company_id', '=', companyId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined ? undefined : keyOf(row)
}

const keyInsert = prepared((db, row: Schema['keys']) => db.insertInto('keys').values(row))

/** Of whichever company: for whoever runs a command on the host. */
export async function findKeyInDeployment(db: Db, id: KeyId): Promise<Key | undefined> {
  const row = await db.selectFrom('keys').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : keyOf(row)
}

export async function insertKey(db: Db, key: Key, fingerprint: Uint8Array): Promise<void> {
  await keyInsert(db, { ...rowOfKey(key), fingerprint, secret_generation: 1, previous_tag: null })
}

/** All of the key as it is from now on. */
export async function updateKey(db: Db, key: Key): Promise<void> {
  const { id, company_id: _company, user_id: _user, created_at: _created, ...columns } = rowOfKey(key)
  await db.updateTable('keys').set(columns).where('id', '=', id).execute()
}
