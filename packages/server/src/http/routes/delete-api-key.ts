import { deleteKey } from '../../keys/delete-key.ts'
import type { Handler } from '../context.ts'

export const deleteApiKey: Handler<'deleteApiKey'> = async (deps, { principal, requester, params }) => {
  await deps.change(requester, principal.companyId, (change) => deleteKey(change, params.keyId))
  return { body: undefined }
}
