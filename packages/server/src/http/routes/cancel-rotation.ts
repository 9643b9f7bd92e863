import { cancelRotation as cancel } from '../../keys/change-rotation.ts'
import type { Handler } from '../schema/context.ts'

export const cancelRotation: Handler<'cancelRotation'> = async (deps, { principal, requester, params }) => {
  await deps.change(requester, principal.companyId, (change) => cancel(change, params.keyId), {
    isRevocation: true,
  })
  return { body: undefined }
}
