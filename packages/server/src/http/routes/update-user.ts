import { updateUser as update } from '../../users/update-user.ts'
import { presentUser } from '../present/present-user.ts'
import type { Handler } from '../schema/context.ts'
import { etagOf, parseIfMatch } from '../wire/if-match.ts'

export const updateUser: Handler<'updateUser'> = async (deps, context) => {
  const { principal, requester, params, body } = context
  const isExpected = parseIfMatch(context.header('if-match'))
  const { user, growingKeys, passwordEnded } = await deps.change(
    requester,
    principal.companyId,
    (change) => update(change, params.userId, body, isExpected),
    { isRevocation: body.status === 'inactive' || body.role !== undefined || body.permissions != null },
  )
  return {
    headers: { etag: etagOf(user) },
    body: { ...presentUser(user), growingKeys: [...growingKeys], passwordEnded },
  }
}
