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

/**
 * Takes out what is written on some of a user's keys, none of which is active, and where they were used from: of `max`
 * of them, in the order of their ids. They stay as deleted. Answers the last one; undefined: there are no more.
 */
export async function eraseKeys(
  db: Db,
  { id: userId, companyId }: User,
  { after, max, nowMs }: { readonly after: KeyId | undefined; readonly max: number; readonly nowMs: number },
): Promise<KeyId | undefined> {
  const rows = await db
    .selectFrom('keys')
    .select('id')
    .where('company_id', '=', companyId)
    .where('user_id', '=', userId)
    .$if(after !== undefined, (query) => query.where('id', '>', after!))
    .orderBy('id')
    .limit(max)
    .execute()
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) return undefined
  await db.updateTable('key_usage').set({ last_address: null }).where('key_id', 'in', ids).execute()
  await db.updateTable('usage_keys').set({ last_refused_address: null }).where('key_id', 'in', ids).execute()
  const numbers = db.selectFrom('usage_keys').select('number').where('key_id', 'in', ids)
  await db.deleteFrom('usage_networks').where('key_number', 'in', numbers).execute()
  await db.updateTable('secrets').set({ last_address: null }).where('key_id', 'in', ids).execute()
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
  return ids.length < max ? undefined : ids.at(-1)
}
