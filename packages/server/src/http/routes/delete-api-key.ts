import { deleteKey } from '../../keys/delete-key.ts'
import type { Handler } from '../context.ts'

export const deleteApiKey: Handler<'deleteApiKey'> = async (deps, { principal, actor, params }) => {
  await deps.write(actor, (tx) => deleteKey(tx, deps.chain, principal, params.keyId))
  return { body: undefined }
}
