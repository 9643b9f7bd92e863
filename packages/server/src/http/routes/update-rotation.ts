import { moveRotationEnd } from '../../keys/change-rotation.ts'
import { presentKey } from '../present/present-key.ts'
import type { Handler } from '../schema/context.ts'
import { etagOf, parseIfMatch } from '../wire/if-match.ts'

export const updateRotation: Handler<'updateRotation'> = async (deps, context) => {
  const { principal, requester, params, body } = context
  const isExpected = parseIfMatch(context.header('if-match'))
  const view = await deps.change(
    requester,
    principal.companyId,
    (change) => moveRotationEnd(change, params.keyId, body.previousEndsAt, isExpected),
    { isRevocation: true },
  )
  return { headers: { etag: etagOf(view) }, body: presentKey(view, deps.clock.nowMs()) }
}
