import { cancelRotation as cancel } from '../../keys/change-rotation.ts'
import type { Handler } from '../schema/context.ts'
import { parseIfMatch } from '../wire/if-match.ts'

export const cancelRotation: Handler<'cancelRotation'> = async (deps, context) => {
  const { principal, requester, params } = context
  const isExpected = parseIfMatch(context.header('if-match'))
  await deps.change(requester, principal.companyId, (change) => cancel(change, params.keyId, isExpected), {
    isRevocation: true,
  })
  return { body: undefined }
}
