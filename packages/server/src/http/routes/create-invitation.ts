import { inviteUser } from '../../users/invite-user.ts'
import { presentTime } from '../present/present-time.ts'
import type { Handler } from '../schema/context.ts'

export const createInvitation: Handler<'createInvitation'> = async (
  deps,
  { principal, requester, params },
) => {
  const { token, expiresAtMs } = await deps.change(requester, principal.companyId, (change) =>
    inviteUser(change, deps.derivedKeys.invitation, params.userId),
  )
  return { body: { token, expiresAt: presentTime(expiresAtMs) } }
}
