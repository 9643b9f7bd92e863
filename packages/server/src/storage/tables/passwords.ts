import type { CompanyId, UserId } from '@latchkey/core/ids'
import type { Db, PasswordRow, Status } from './schema.ts'

/** Users, of different companies, whose passwords are for one address. Sign-in looks at no more. */
export const SIGN_INS_MAX = 100

/** A user that an address and a password may be of. */
export type SignInRow = {
  readonly user_id: UserId
  readonly company_id: CompanyId
  readonly status: Status
  readonly company_status: Status
  readonly hash: string
  /** The user signed in from this network before. */
  readonly is_known: boolean
}

/** The users that have the address and a password set for it, the oldest first. `email` is in lower case. */
export async function findSignIns(db: Db, email: string, network: Uint8Array): Promise<SignInRow[]> {
  const rows = await db
    .selectFrom('passwords as p')
    .innerJoin('users as u', 'u.id', 'p.user_id')
    .innerJoin('companies as c', 'c.id', 'u.company_id')
    .leftJoin('known_sources as k', (join) =>
      join.onRef('k.user_id', '=', 'p.user_id').on('k.source', '=', network),
    )
    .select(['p.user_id', 'u.company_id', 'u.status', 'c.status as company_status', 'p.hash', 'k.last_at'])
    .where('p.email', '=', email)
    .whereRef('u.email', '=', 'p.email')
    .orderBy('p.user_id')
    .limit(SIGN_INS_MAX)
    .execute()
  return rows.map(({ last_at: lastAt, ...row }) => ({ ...row, is_known: lastAt !== null }))
}

export async function findPassword(db: Db, userId: UserId): Promise<PasswordRow | undefined> {
  return db.selectFrom('passwords').selectAll().where('user_id', '=', userId).executeTakeFirst()
}

/**
 * Hashes of other users' passwords that are for the same address. Not of those who have another by now: one company could
 * have any number of them.
 */
export async function findPasswordsFor(db: Db, email: string, except: UserId): Promise<string[]> {
  const rows = await db
    .selectFrom('passwords as p')
    .innerJoin('users as u', 'u.id', 'p.user_id')
    .select('p.hash')
    .where('p.email', '=', email)
    .whereRef('u.email', '=', 'p.email')
    .where('p.user_id', '!=', except)
    .orderBy('p.user_id')
    .limit(SIGN_INS_MAX)
    .execute()
  return rows.map((row) => row.hash)
}

export async function upsertPassword(db: Db, row: PasswordRow): Promise<void> {
  await db
    .insertInto('passwords')
    .values(row)
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(row))
    .execute()
}

export async function updatePasswordHash(db: Db, userId: UserId, hash: string): Promise<void> {
  await db.updateTable('passwords').set({ hash }).where('user_id', '=', userId).execute()
}

export async function deletePassword(db: Db, userId: UserId): Promise<void> {
  await db.deleteFrom('passwords').where('user_id', '=', userId).execute()
}

/** Networks kept for a user: the last ones it signed in from. */
const NETWORKS_MAX = 20

/** Notes that a user signed in from a network. The oldest of too many goes. */
export async function upsertKnownNetwork(
  db: Db,
  userId: UserId,
  network: Uint8Array,
  nowMs: number,
): Promise<void> {
  const row = { user_id: userId, source: network, last_at: nowMs }
  await db
    .insertInto('known_sources')
    .values(row)
    .onConflict((conflict) => conflict.columns(['user_id', 'source']).doUpdateSet({ last_at: nowMs }))
    .execute()
  const tooMany = await db
    .selectFrom('known_sources')
    .select('source')
    .where('user_id', '=', userId)
    .orderBy('last_at', 'desc')
    .limit(100)
    .offset(NETWORKS_MAX)
    .execute()
  for (const { source: old } of tooMany) {
    await db.deleteFrom('known_sources').where('user_id', '=', userId).where('source', '=', old).execute()
  }
}
