import { AppError } from '@latchkey/core/error'
import { isId, type SessionId } from '@latchkey/core/ids'
import type { Principal } from '@latchkey/core/principal'
import type { Change } from '../changes/change.ts'
import { findSession, updateSession } from '../storage/tables/people.ts'
import { SESSION_TOKEN_MS } from './access-token.ts'

/** However often it is renewed, a session asks for the password again after this long. */
const SESSION_MS_MAX = 12 * 60 * 60 * 1_000

/** The session itself, and not something made from it. Throws AppError `missing_permission`. */
export function requireSession(principal: Principal): SessionId {
  if (principal.id !== null && isId('ses', principal.id) && !principal.isDerived) return principal.id
  throw new AppError('missing_permission', 'This needs the token of a session, from POST /auth/token.')
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
