import { AppError } from '@latchkey/core/error'
import { type CompanyId, nextId, type SessionId, type UserId } from '@latchkey/core/ids'
import type { Actor } from '@latchkey/core/principal'
import type { Changes } from '../changes/changes.ts'
import { requesterAsUser } from '../changes/requester.ts'
import type { Engine } from '../storage/engine.ts'
import { findPasswordHash, insertSession, upsertPassword } from '../storage/people.ts'
import { findUserByEmail } from '../storage/users.ts'
import { SESSION_TOKEN_MS } from './access-token.ts'
import type { LockOut } from './lock-out.ts'
import type { Passwords } from './password.ts'

type Deps = {
  readonly engine: Engine
  readonly change: Changes['change']
  readonly passwords: Passwords
  readonly lockOut: LockOut
}

export type SignIn = { readonly username: string; readonly password: string }
export type StartedSession = {
  readonly sessionId: SessionId
  readonly userId: UserId
  readonly companyId: CompanyId
}

/**
 * Starts a session for an email address and its password. undefined: one of the two is wrong, or the user has
 * no password: one answer, in the same time. Throws AppError `rate_limited` while the name is locked out.
 */
export async function signIn(
  deps: Deps,
  { username, password }: SignIn,
  nowMs: number,
  actor: Actor,
): Promise<StartedSession | undefined> {
  const retryAfterSeconds = deps.lockOut.secondsLeft(username, nowMs)
  if (retryAfterSeconds !== undefined) {
    throw new AppError('rate_limited', 'Too many wrong passwords for this name: wait, then try again.', {
      retryAfterSeconds,
    })
  }
  // Counted before the slow part: attempts in parallel must not all slip through.
  deps.lockOut.fail(username, nowMs)
  const user = await deps.engine.read((db) => findUserByEmail(db, username))
  const stored =
    user === undefined ? undefined : await deps.engine.read((db) => findPasswordHash(db, user.id))
  const isRight = await deps.passwords.verify(password, stored)
  if (!isRight || user === undefined || stored === undefined || user.status !== 'active') return undefined
  const renewed = deps.passwords.isOutdated(stored) ? await deps.passwords.hash(password) : undefined
  const started = await startSession(
    deps,
    { userId: user.id, companyId: user.company_id, stored, renewed },
    actor,
  )
  if (started !== undefined) deps.lockOut.succeed(username)
  return started
}

type Start = {
  readonly userId: UserId
  readonly companyId: CompanyId
  readonly stored: string
  readonly renewed: string | undefined
}

async function startSession(
  { change }: Deps,
  { userId, companyId, stored, renewed }: Start,
  actor: Actor,
): Promise<StartedSession | undefined> {
  return change(
    requesterAsUser(actor, companyId, userId),
    companyId,
    async ({ db, nowMs, randomBytes, record }) => {
      // The password may have been changed while the old one was being checked.
      if ((await findPasswordHash(db, userId)) !== stored) return undefined
      if (renewed !== undefined) await upsertPassword(db, userId, renewed, nowMs)
      const sessionId = nextId('ses', { nowMs, randomBytes })
      await insertSession(db, {
        id: sessionId,
        user_id: userId,
        created_at: nowMs,
        expires_at: nowMs + SESSION_TOKEN_MS,
        ended_at: null,
      })
      await record({
        action: 'session.started',
        object: { type: 'session', id: sessionId },
        // Whoever has to revoke may have to sign in first.
        isUrgent: true,
      })
      return { sessionId, userId, companyId }
    },
  )
}
