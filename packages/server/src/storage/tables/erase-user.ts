import type { KeyId } from '@latchkey/core/ids'
import { sql } from 'kysely'
import type { Db } from './schema.ts'
import type { User } from './user.ts'
import { updateUser } from './users.ts'

/**
 * Takes out what tells who a user was: name, address, external id, password, invitations, sessions and where it signed
 * in from. Its row stays as deleted. What is on its keys: see `eraseKeys`.
 */
export async function eraseUser(db: Db, user: User, nowMs: number): Promise<void> {
  for (const table of ['passwords', 'invitations', 'sessions', 'known_sources'] as const) {
    await db.deleteFrom(table).where('user_id', '=', user.id).execute()
  }
  await updateUser(db, {
    ...user,
    name: '',
    email: null,
    externalId: null,
    permissions: null,
    status: 'inactive',
    updatedAtMs: nowMs,
    deletedAtMs: nowMs,
    version: user.version + 1,
  })
}

/** A user's keys in the order of their ids: `max` of those after `after`. */
type Step = { readonly after: KeyId | undefined; readonly max: number }

/**
 * Takes out what is written on some of a user's keys, none of which is active, and where they were used from. They stay as
 * deleted. Answers the last one; undefined: there are no more.
 */
export async function eraseKeys(
  db: Db,
  user: Pick<User, 'id' | 'companyId'>,
  { nowMs, ...step }: Step & { readonly nowMs: number },
): Promise<KeyId | undefined> {
  const ids = await findKeyIds(db, user, step)
  if (ids.length === 0) return undefined
  await eraseUses(db, ids)
  await db
    .updateTable('keys')
    .set({
      description: null,
      metadata: '{}',
      deleted_at: sql`coalesce(deleted_at, ${nowMs})`,
      updated_at: nowMs,
      version: sql`version + 1`,
    })
    .where('id', 'in', ids)
    .execute()
  return lastOf(ids, step)
}

/** The same of a user that is deleted, only from where the keys were used: it may have been written meanwhile. */
export async function eraseLateUses(
  db: Db,
  user: Pick<User, 'id' | 'companyId'>,
  step: Step,
): Promise<KeyId | undefined> {
  const ids = await findKeyIds(db, user, step)
  if (ids.length === 0) return undefined
  await eraseUses(db, ids)
  return lastOf(ids, step)
}

const lastOf = (ids: readonly KeyId[], { max }: Step): KeyId | undefined =>
  ids.length < max ? undefined : ids.at(-1)

async function findKeyIds(
  db: Db,
  { id: userId, companyId }: Pick<User, 'id' | 'companyId'>,
  { after, max }: Step,
): Promise<readonly KeyId[]> {
  const rows = await db
    .selectFrom('keys')
    .select('id')
    .where('company_id', '=', companyId)
    .where('user_id', '=', userId)
    .$if(after !== undefined, (query) => query.where('id', '>', after!))
    .orderBy('id')
    .limit(max)
    .execute()
  return rows.map(({ id }) => id)
}

/** Where it is written from where keys were used. */
export const USE_TABLES = ['key_usage', 'secrets', 'usage_keys', 'usage_networks'] as const

async function eraseUses(db: Db, ids: readonly KeyId[]): Promise<void> {
  for (const table of ['key_usage', 'secrets'] as const) {
    await db
      .updateTable(table)
      .set({ last_address: null })
      .where('key_id', 'in', ids)
      .where('last_address', 'is not', null)
      .execute()
  }
  await db
    .updateTable('usage_keys')
    .set({ last_refused_address: null })
    .where('key_id', 'in', ids)
    .where('last_refused_address', 'is not', null)
    .execute()
  const numbers = db.selectFrom('usage_keys').select('number').where('key_id', 'in', ids)
  await db.deleteFrom('usage_networks').where('key_number', 'in', numbers).execute()
}
