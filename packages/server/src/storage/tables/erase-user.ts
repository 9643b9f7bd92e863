import { sql } from 'kysely'
import type { Db } from './schema.ts'
import type { User } from './user.ts'
import { updateUser } from './users.ts'

/**
 * Takes out what tells who a user was: name, address, external id, password, invitations, sessions, where it signed in
 * and used its keys from, and what is written on those. Its row and its keys, none of which is active, stay as deleted.
 */
export async function eraseUser(db: Db, user: User, nowMs: number): Promise<void> {
  const { id, companyId } = user
  const keys = db
    .selectFrom('keys')
    .select('id')
    .where('company_id', '=', companyId)
    .where('user_id', '=', id)
  await db.updateTable('key_usage').set({ last_address: null }).where('key_id', 'in', keys).execute()
  await db.updateTable('secrets').set({ last_address: null }).where('key_id', 'in', keys).execute()
  await db
    .updateTable('keys')
    .set({
      description: null,
      metadata: '{}',
      deleted_at: sql`coalesce(deleted_at, ${nowMs})`,
      updated_at: nowMs,
      version: sql`version + 1`,
    })
    .where('company_id', '=', companyId)
    .where('user_id', '=', id)
    .execute()
  for (const table of ['passwords', 'invitations', 'sessions', 'known_sources'] as const) {
    await db.deleteFrom(table).where('user_id', '=', id).execute()
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
