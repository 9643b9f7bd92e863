import { requesterAsUser } from '../../changes/requester.ts'
import { findInvitedUser } from '../../storage/people.ts'
import { invitationHash } from '../../users/invite-user.ts'
import { invitationRefused, setPassword as set } from '../../users/set-password.ts'
import { refuseUnknown } from '../authenticate.ts'
import type { Handler } from '../context.ts'

export const setPassword: Handler<'setPassword'> = async (deps, { body, actor, address }) => {
  const invitation = invitationHash(deps.derivedKeys.invitation, body.token)
  const user = await deps.engine.read((db) => findInvitedUser(db, invitation, deps.clock.nowMs()))
  const passwordHash = await deps.passwords.hash(body.password)
  const isSet =
    user !== undefined &&
    (await deps.change(requesterAsUser(actor, user.company_id, user.id), user.company_id, (change) =>
      set(change, user.id, passwordHash, invitation),
    ))
  if (!isSet) {
    const refusal = refuseUnknown(deps.failedAttempts, { address, nowMs: deps.clock.nowMs() })
    throw refusal.code === 'rate_limited' ? refusal : invitationRefused()
  }
  return { body: { status: 200, message: 'The password is set: sign in with POST /auth/token.' } }
}
