import { invitationHash } from '../../users/invite-user.ts'
import { invitationRefused, setPassword as set } from '../../users/set-password.ts'
import { refuseUnknown } from '../authenticate.ts'
import type { Handler } from '../context.ts'

export const setPassword: Handler<'setPassword'> = async (deps, { body, actor, address }) => {
  const invitation = invitationHash(deps.derivedKeys.invitation, body.token)
  const passwordHash = await deps.passwords.hash(body.password)
  const isSet = await deps.write(actor, (tx) => set(tx, deps.chain, { invitation }, passwordHash))
  if (!isSet) {
    const refusal = refuseUnknown(deps.failedAttempts, { address, nowMs: deps.clock.nowMs() })
    throw refusal.code === 'rate_limited' ? refusal : invitationRefused()
  }
  return { body: { status: 200, message: 'The password is set: sign in with POST /auth/token.' } }
}
