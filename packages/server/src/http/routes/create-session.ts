import { AppError } from '@latchkey/core/error'
import { SESSION_TOKEN_MS } from '../../auth/access-token.ts'
import { signIn } from '../../auth/sign-in.ts'
import { refuseUnknown } from '../admission/authenticate.ts'
import { issueSessionToken } from '../oauth/session-token.ts'
import type { Handler } from '../schema/context.ts'

export const createSession: Handler<'createSession'> = async (deps, { body, actor, address, origin }) => {
  const nowMs = deps.clock.nowMs()
  const started = await signIn(deps, body, { nowMs, actor, address })
  if (started === undefined) {
    const refusal = refuseUnknown(deps.failedAttempts, { address, nowMs })
    throw refusal.code === 'rate_limited' ? refusal : signInRefused()
  }
  return {
    body: {
      token: await issueSessionToken(deps, started.sessionId, nowMs + SESSION_TOKEN_MS, { address, origin }),
    },
  }
}

/** One answer for whatever is wrong: it tells nobody which names exist. */
export function signInRefused(): AppError {
  return new AppError('invalid_credentials', 'The email address or the password is wrong.')
}
