import { deleteKey } from '../../keys/delete-key.ts'
import type { Handler } from '../schema/context.ts'
import { parseIfMatch } from '../wire/if-match.ts'

export const deleteApiKey: Handler<'deleteApiKey'> = async (deps, context) => {
  const { principal, requester, params } = context
  const isExpected = parseIfMatch(context.header('if-match'))
  await deps.change(requester, principal.companyId, (change) => deleteKey(change, params.keyId, isExpected), {
    isRevocation: true,
  })
  return { body: undefined }
}
