import { type ConsoleSession, ConsoleSetup, type ConsoleVisit } from '@latchkey/contract/schemas/console'
import { SignIn } from '@latchkey/contract/schemas/session'
import { AppError, type ErrorCode } from '@latchkey/core/error'
import type { SessionId } from '@latchkey/core/ids'
import type { Static } from 'typebox'
import { endEverySession, endSession, renewSession, SESSION_MS_MAX } from '../../auth/session.ts'
import { signIn } from '../../auth/sign-in.ts'
import type { Change } from '../../changes/change.ts'
import { findSession } from '../../storage/tables/people.ts'
import { findUser } from '../../storage/tables/users.ts'
import { refuseUnknown } from '../admission/authenticate.ts'
import { issueSessionToken } from '../oauth/session-token.ts'
import { presentMe } from '../present/present-me.ts'
import type { Router } from '../router.ts'
import { signInRefused } from '../routes/create-session.ts'
import { actorOf } from '../schema/request-context.ts'
import { type Answer, jsonAnswer } from '../wire/answer.ts'
import { consoleCookie, consoleOriginOf, isSecureOrigin } from '../wire/console-cookie.ts'
import type { Incoming } from '../wire/incoming.ts'
import { requestOrigin } from '../wire/request-origin.ts'
import { bodyReader, type ConsoleDeps, consoleRoutesOn, sessionOf } from './console-route.ts'
import { describeDeployment } from './deployment.ts'
import { setUp } from './set-up.ts'

/** Where the console signs in and out. The session is one like all others; only its token is kept in a cookie. */
export function registerConsoleSession(router: Router, deps: ConsoleDeps): void {
  const readSignIn = bodyReader(deps, SignIn)
  const readSetup = bodyReader(deps, ConsoleSetup)
  const add = consoleRoutesOn(router)

  add('POST', '/console/session', async (request) => {
    // Before anybody has sent a password over a network that reads along for nothing.
    isSecureOrigin(consoleOriginOf(deps.config, request))
    return cookieAnswer(deps, request, await signInWith(deps, request, await readSignIn(request)))
  })
  add('POST', '/console/setup', async (request) => {
    isSecureOrigin(consoleOriginOf(deps.config, request))
    return cookieAnswer(deps, request, await setUp(deps, request, await readSetup(request)))
  })
  add('GET', '/console/session', (request) => look(deps, request))
  add('GET', '/console/deployment', (request) => describeDeployment(deps, request))
  add('PUT', '/console/session', async (request) => {
    const { requester, sessionId, companyId } = await sessionOf(deps, request)
    await deps.change(requester, companyId, renewSession)
    return cookieAnswer(deps, request, sessionId)
  })
  add('DELETE', '/console/session', (request) => end(deps, request, endSession))
  add('DELETE', '/console/sessions', (request) => end(deps, request, endEverySession))
}

async function signInWith(
  deps: ConsoleDeps,
  request: Incoming,
  body: Static<typeof SignIn>,
): Promise<SessionId> {
  const { address } = request
  const nowMs = deps.clock.nowMs()
  const started = await signIn(deps, body, { nowMs, actor: actorOf(request), address })
  if (started !== undefined) return started.sessionId
  const refusal = refuseUnknown(deps.failedAttempts, { address, nowMs })
  throw refusal.code === 'rate_limited' ? refusal : signInRefused()
}

/** The cookie of a session, new at each sign-in: whatever the browser was given before gives way to it. */
async function cookieAnswer(deps: ConsoleDeps, request: Incoming, sessionId: SessionId): Promise<Answer> {
  const session = await deps.engine.read((db) => findSession(db, sessionId))
  if (session === undefined) throw signInRefused()
  const { expires_at: expiresAtMs } = session
  const { address } = request
  const token = await issueSessionToken(deps, sessionId, expiresAtMs, {
    address,
    origin: requestOrigin(request),
  })
  const maxAgeSeconds = Math.max(0, Math.floor((expiresAtMs - deps.clock.nowMs()) / 1_000))
  const origin = consoleOriginOf(deps.config, request)
  return jsonAnswer(200, JSON.stringify(presentSession(session)), {
    'set-cookie': consoleCookie(token, maxAgeSeconds, isSecureOrigin(origin)),
  })
}

type Ends = { readonly created_at: number; readonly expires_at: number }

const presentSession = ({ created_at: createdAtMs, expires_at: expiresAtMs }: Ends): ConsoleSession => ({
  expiresAt: new Date(expiresAtMs).toISOString(),
  endsAt: new Date(createdAtMs + SESSION_MS_MAX).toISOString(),
})

/** What is said of a session that is none, or is over. */
const OVER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'missing_credentials',
  'invalid_credentials',
  'user_inactive',
  'company_inactive',
  'token_expired',
])

/**
 * Whether somebody is signed in. That nobody is is no error: browsers write each 401 down in red, and the first page
 * that a newcomer sees would have one.
 */
async function look(deps: ConsoleDeps, request: Incoming): Promise<Answer> {
  let asker: Awaited<ReturnType<typeof sessionOf>>
  try {
    asker = await sessionOf(deps, request)
  } catch (error) {
    if (error instanceof AppError && OVER.has(error.code))
      return { status: 204, headers: {}, body: undefined }
    throw error
  }
  const { sessionId, companyId } = asker
  const { principal } = asker.requester
  const [session, user] = await deps.engine.read(
    async (db) =>
      [await findSession(db, sessionId), await findUser(db, companyId, principal.userId!)] as const,
  )
  if (session === undefined || user === undefined) return { status: 204, headers: {}, body: undefined }
  const body: ConsoleVisit = {
    ...presentSession(session),
    me: presentMe(principal, request),
    name: user.name,
  }
  return jsonAnswer(200, JSON.stringify(body))
}

async function end(
  deps: ConsoleDeps,
  request: Incoming,
  work: (change: Change) => Promise<void>,
): Promise<Answer> {
  const { requester, companyId } = await sessionOf(deps, request)
  await deps.change(requester, companyId, work, { isRevocation: true })
  return {
    status: 204,
    headers: { 'set-cookie': consoleCookie('', 0, isSecureOrigin(consoleOriginOf(deps.config, request))) },
    body: undefined,
  }
}
