import { moveRotationEnd } from '../../keys/change-rotation.ts'
import type { Handler } from '../context.ts'
import { etagOf, presentKey } from '../present-key.ts'

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
