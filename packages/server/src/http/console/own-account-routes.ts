import { ConsolePassword, type ConsoleSessions } from '@latchkey/contract/schemas/console'
import { inputError } from '@latchkey/core/error'
import type { SessionId } from '@latchkey/core/ids'
import { changePassword } from '../../auth/change-password.ts'
import { endOwnSession, SESSION_MS_MAX } from '../../auth/session.ts'
import { listSessionsOf } from '../../storage/tables/people.ts'
import type { SessionRow } from '../../storage/tables/schema.ts'
import { refuseUnknown } from '../admission/authenticate.ts'
import { presentTime } from '../present/present-time.ts'
import type { Router } from '../router.ts'
import { type Answer, jsonAnswer } from '../wire/answer.ts'
import type { Incoming } from '../wire/incoming.ts'
import { bodyReader, type ConsoleDeps, consoleRoutesOn, sessionOf } from './console-route.ts'

/** More sessions than anybody looks through: the last that were begun. */
const SESSIONS_MAX = 100

/** What people do with their own account: their sessions, and their password. Nobody else's is within reach. */
export function registerOwnAccount(router: Router, deps: ConsoleDeps): void {
  const add = consoleRoutesOn(router)
  const readPassword = bodyReader(deps, ConsolePassword)
  add('GET', '/console/sessions', (request) => list(deps, request))
  add('DELETE', '/console/sessions/:sessionId', (request) => end(deps, request))
  add('PUT', '/console/password', async (request) => {
    // Before the body: whoever is nobody sends none.
    const { requester } = await sessionOf(deps, request)
    const body = await readPassword(request)
    const at = { nowMs: deps.clock.nowMs(), address: request.address }
    if (await changePassword(deps, requester, body, at)) return NOTHING
    const refusal = refuseUnknown(deps.failedAttempts, at)
    if (refusal.code === 'rate_limited') throw refusal
    throw inputError([
      { pointer: '/currentPassword', code: 'invalid_field', detail: 'is not your password.' },
    ])
  })
}

const NOTHING: Answer = { status: 204, headers: {}, body: undefined }

async function list(deps: ConsoleDeps, request: Incoming): Promise<Answer> {
  const { requester, sessionId } = await sessionOf(deps, request)
  const asked = { nowMs: deps.clock.nowMs(), limit: SESSIONS_MAX }
  const rows = await deps.engine.read((db) => listSessionsOf(db, requester.principal.userId!, asked))
  const body: ConsoleSessions = { data: rows.map((row) => presentSession(row, sessionId)) }
  return jsonAnswer(200, JSON.stringify(body))
}

const presentSession = (row: SessionRow, current: SessionId): ConsoleSessions['data'][number] => ({
  id: row.id,
  isCurrent: row.id === current,
  address: row.address,
  startedAt: presentTime(row.created_at),
  expiresAt: presentTime(row.expires_at),
  endsAt: presentTime(row.created_at + SESSION_MS_MAX),
})

async function end(deps: ConsoleDeps, request: Incoming): Promise<Answer> {
  const { requester, companyId } = await sessionOf(deps, request)
  const wanted = request.params.sessionId ?? ''
  await deps.change(requester, companyId, (change) => endOwnSession(change, wanted), { isRevocation: true })
  return NOTHING
}
