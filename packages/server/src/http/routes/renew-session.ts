import { renewSession as renew, requireSession } from '../../auth/session.ts'
import { issueSessionToken } from '../oauth/session-token.ts'
import type { Handler } from '../schema/context.ts'

export const renewSession: Handler<'renewSession'> = async (
  deps,
  { principal, requester, address, origin },
) => {
  const sessionId = requireSession(principal)
  const expiresAtMs = await deps.change(requester, principal.homeCompanyId ?? principal.companyId, renew)
  return { body: { token: await issueSessionToken(deps, sessionId, expiresAtMs, { address, origin }) } }
}
