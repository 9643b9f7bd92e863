import { SESSION_TOKEN_MS } from '../../auth/access-token.ts'
import { signIn } from '../../auth/sign-in.ts'
import { refuseUnknown } from '../authenticate.ts'
import type { Handler } from '../context.ts'
import { issueSessionToken } from '../session-token.ts'

export const createSession: Handler<'createSession'> = async (deps, { body, actor, address }) => {
  const nowMs = deps.clock.nowMs()
  const started = await signIn(deps, body, nowMs, actor)
  if (started === undefined) throw refuseUnknown(deps.failedAttempts, { address, nowMs })
  return {
    body: { token: await issueSessionToken(deps, started.sessionId, nowMs + SESSION_TOKEN_MS, address) },
  }
}
