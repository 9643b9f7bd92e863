import { inviteUser } from '../../users/invite-user.ts'
import type { Handler } from '../context.ts'
import { presentTime } from '../present-time.ts'

export const createInvitation: Handler<'createInvitation'> = async (deps, { principal, actor, params }) => {
  const inviteDeps = { chain: deps.chain, invitationKey: deps.derivedKeys.invitation }
  const { token, expiresAtMs } = await deps.write(actor, (tx) =>
    inviteUser(tx, inviteDeps, principal, params.userId),
  )
  return { body: { token, expiresAt: presentTime(expiresAtMs) } }
}
