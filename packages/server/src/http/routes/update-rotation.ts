import { moveRotationEnd } from '../../keys/change-rotation.ts'
import { etagOf, presentKey } from '../present/present-key.ts'
import type { Handler } from '../schema/context.ts'

export const updateRotation: Handler<'updateRotation'> = async (
  deps,
  { principal, requester, params, body },
) => {
  const view = await deps.change(
    requester,
    principal.companyId,
    (change) => moveRotationEnd(change, params.keyId, body.previousEndsAt),
    { isRevocation: true },
  )
  return { headers: { etag: etagOf(view) }, body: presentKey(view, deps.clock.nowMs()) }
}
