import { inviteUser } from '../../users/invite-user.ts'
import { presentTime } from '../present/present-time.ts'
import type { Handler } from '../schema/context.ts'
import { etagOf, parseIfMatch } from '../wire/if-match.ts'

export const createInvitation: Handler<'createInvitation'> = async (deps, context) => {
  const { principal, requester, params } = context
  const isExpected = parseIfMatch(context.header('if-match'))
  const { user, token, expiresAtMs } = await deps.change(requester, principal.companyId, (change) =>
    inviteUser(change, deps.derivedKeys.invitation, params.userId, isExpected),
  )
  return { headers: { etag: etagOf(user) }, body: { token, expiresAt: presentTime(expiresAtMs) } }
}
