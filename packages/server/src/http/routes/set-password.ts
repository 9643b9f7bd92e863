import { inputError } from '@latchkey/core/error'
import { networkOf } from '@latchkey/core/network'
import { findWeakness } from '../../auth/weak-password.ts'
import { requesterAsUser } from '../../changes/requester.ts'
import { findPasswordsFor } from '../../storage/tables/passwords.ts'
import type { User } from '../../storage/tables/user.ts'
import { invitationHash } from '../../users/invite-user.ts'
import { findInvited } from '../../users/invited.ts'
import { invitationRefused, setPassword as set } from '../../users/set-password.ts'
import { refuseUnknown } from '../admission/authenticate.ts'
import type { Handler, HandlerDeps } from '../schema/context.ts'

export const setPassword: Handler<'setPassword'> = async (deps, { body, actor, address }) => {
  const invitation = invitationHash(deps.derivedKeys.invitation, body.token)
  const invited = await deps.engine.read((db) => findInvited(db, invitation, deps.clock.nowMs()))
  const user = invited?.user
  // Before the slow part: who has no invitation takes nobody's turn.
  const isSet =
    user?.status === 'active' &&
    (await setFor(deps, user, { password: body.password, invitation, actor, network: networkOf(address) }))
  if (!isSet) {
    const refusal = refuseUnknown(deps.failedAttempts, { address, nowMs: deps.clock.nowMs() })
    throw refusal.code === 'rate_limited' ? refusal : invitationRefused()
  }
  return { body: { status: 200, message: 'The password is set: sign in with POST /auth/token.' } }
}

type Setting = {
  readonly password: string
  readonly invitation: Uint8Array
  readonly actor: Parameters<typeof requesterAsUser>[0]
  readonly network: string
}

async function setFor(
  { engine, passwords, change }: HandlerDeps,
  user: User,
  { password, invitation, actor, network }: Setting,
): Promise<boolean> {
  const weakness = findWeakness(password, user)
  if (weakness !== undefined) {
    throw inputError([{ pointer: '/password', code: 'invalid_field', detail: weakness }])
  }
  const { id: userId, companyId, email } = user
  const beside = email === null ? [] : await engine.read((db) => findPasswordsFor(db, email, userId))
  const hash = await passwords.hash(password, user, beside, { network, isKnown: true })
  return change(requesterAsUser(actor, companyId, userId), companyId, (open) =>
    set(open, { userId, email, hash }, invitation),
  )
}
