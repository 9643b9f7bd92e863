import { AppError } from '@latchkey/core/error'
import { isId, nextId, type SessionId, type UserId } from '@latchkey/core/ids'
import type { Principal } from '@latchkey/core/principal'
import type { Change } from '../changes/change.ts'
import { endSessionsOf, findSession, insertSession, updateSession } from '../storage/tables/people.ts'
import { SESSION_TOKEN_MS } from './access-token.ts'

/** However often it is renewed, a session asks for the password again after this long. */
export const SESSION_MS_MAX = 12 * 60 * 60 * 1_000

/** The session that asks, itself; undefined: something else does, or something made from one. */
export const sessionIdOf = ({ id, isDerived }: Principal): SessionId | undefined =>
  id !== null && isId('ses', id) && !isDerived ? id : undefined

/** The session itself, and not something made from it. Throws AppError `missing_permission`. */
export function requireSession(principal: Principal): SessionId {
  const sessionId = sessionIdOf(principal)
  if (sessionId !== undefined) return sessionId
  throw new AppError('missing_permission', 'This needs the token of a session, from POST /auth/token.')
}

/** Begins a session of a user that has proven who it is. */
export async function openSession(
  { db, nowMs, randomBytes, record, actor }: Change,
  userId: UserId,
): Promise<SessionId> {
  const sessionId = nextId('ses', { nowMs, randomBytes })
  await insertSession(db, {
    id: sessionId,
    user_id: userId,
    created_at: nowMs,
    expires_at: nowMs + SESSION_TOKEN_MS,
    ended_at: null,
    address: actor.address,
  })
  await record({
    action: 'session.started',
    object: { type: 'session', id: sessionId },
    // Whoever has to revoke may have to sign in first.
    isUrgent: true,
  })
  return sessionId
}

/** Moves the end of a session. Answers the new one, milliseconds since the epoch. */
export async function renewSession({ db, nowMs, principal, revoke }: Change): Promise<number> {
  const sessionId = requireSession(principal)
  // The requester was judged in this transaction, and it is the session: it is there, and has not ended.
  const { created_at } = (await findSession(db, sessionId))!
  const expiresAtMs = Math.min(nowMs + SESSION_TOKEN_MS, created_at + SESSION_MS_MAX)
  await updateSession(db, sessionId, { expires_at: expiresAtMs })
  revoke({ scope: 'session', id: sessionId })
  return expiresAtMs
}

/** Ends a session: its token, and every token made from it, stops at once. */
export async function endSession(change: Change): Promise<void> {
  const sessionId = requireSession(change.principal)
  await updateSession(change.db, sessionId, { ended_at: change.nowMs })
  await change.record({
    action: 'session.ended',
    object: { type: 'session', id: sessionId },
    isUrgent: true,
  })
  change.revoke({ scope: 'session', id: sessionId })
}

/** Ends another session of the same user. Throws AppError `session_not_found`. */
export async function endOwnSession(change: Change, sessionId: string): Promise<void> {
  const { db, nowMs, principal, record, revoke } = change
  requireSession(principal)
  const session = isId('ses', sessionId) ? await findSession(db, sessionId) : undefined
  // Of somebody else it is as unknown as one that never was.
  if (session?.user_id !== principal.userId || session.ended_at !== null || session.expires_at <= nowMs) {
    throw new AppError('session_not_found', 'You have no such session, or it is over.')
  }
  await updateSession(db, session.id, { ended_at: nowMs })
  await record({ action: 'session.ended', object: { type: 'session', id: session.id }, isUrgent: true })
  revoke({ scope: 'session', id: session.id })
}

/** Ends every session of the user whose session this is, this one too. */
export async function endEverySession(change: Change): Promise<void> {
  requireSession(change.principal)
  const userId = change.principal.userId!
  await endSessionsOf(change.db, userId, change.nowMs)
  await change.record({
    action: 'user.sessions_ended',
    object: { type: 'user', id: userId },
    isUrgent: true,
  })
  change.revoke({ scope: 'user', id: userId })
}
