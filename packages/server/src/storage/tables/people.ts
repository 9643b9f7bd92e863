import type { SessionId, UserId } from '@latchkey/core/ids'
import type { Db, InvitationRow, SessionRow } from './schema.ts'
import type { User } from './user.ts'
import { findUserInDeployment } from './users.ts'

export async function findInvitation(
  db: Db,
  hash: Uint8Array,
  nowMs: number,
): Promise<InvitationRow | undefined> {
  return db
    .selectFrom('invitations')
    .selectAll()
    .where('hash', '=', hash)
    .where('expires_at', '>', nowMs)
    .executeTakeFirst()
}

/** Whom an invitation that is not over is for. */
export async function findInvitedUser(db: Db, hash: Uint8Array, nowMs: number): Promise<User | undefined> {
  const invitation = await findInvitation(db, hash, nowMs)
  return invitation === undefined ? undefined : findUserInDeployment(db, invitation.user_id)
}

export async function insertInvitation(db: Db, row: InvitationRow): Promise<void> {
  await db.insertInto('invitations').values(row).execute()
}

/** A password that was set, a new invitation, or a change of the user uses up every older one. */
export async function deleteInvitationsOf(db: Db, userId: UserId): Promise<void> {
  await db.deleteFrom('invitations').where('user_id', '=', userId).execute()
}

export async function findSession(db: Db, id: SessionId): Promise<SessionRow | undefined> {
  return db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertSession(db: Db, row: SessionRow): Promise<void> {
  await db.insertInto('sessions').values(row).execute()
}

export async function updateSession(
  db: Db,
  id: SessionId,
  changes: Partial<Pick<SessionRow, 'expires_at' | 'ended_at'>>,
): Promise<void> {
  await db.updateTable('sessions').set(changes).where('id', '=', id).execute()
}

/** The sessions of a user that are not over, the last that was begun first. */
export async function listSessionsOf(
  db: Db,
  userId: UserId,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<SessionRow[]> {
  return db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', nowMs)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

/** Ends every open session of a user, but for one that is to stay. */
export async function endSessionsOf(
  db: Db,
  userId: UserId,
  nowMs: number,
  staying?: SessionId,
): Promise<void> {
  const open = db
    .updateTable('sessions')
    .set({ ended_at: nowMs })
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
  await (staying === undefined ? open : open.where('id', '!=', staying)).execute()
}

/** How long an address counts as known after the last sign-in from it. */
const KNOWN_MS = 90 * 24 * 60 * 60 * 1_000

/** Sessions and invitations that are over, and addresses nobody signs in from any more. */
export async function deleteExpiredPeople(db: Db, nowMs: number): Promise<void> {
  await db.deleteFrom('invitations').where('expires_at', '<=', nowMs).execute()
  await db.deleteFrom('sessions').where('expires_at', '<=', nowMs).execute()
  await db
    .deleteFrom('known_sources')
    .where('last_at', '<=', nowMs - KNOWN_MS)
    .execute()
}
