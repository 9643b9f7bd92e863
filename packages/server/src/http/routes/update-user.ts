import { updateUser as update } from '../../users/update-user.ts'
import { presentUser } from '../present/present-user.ts'
import type { Handler } from '../schema/context.ts'

export const updateUser: Handler<'updateUser'> = async (deps, { principal, requester, params, body }) => {
  const { user, growingKeys, passwordEnded } = await deps.change(
    requester,
    principal.companyId,
    (change) => update(change, params.userId, body),
    { isRevocation: body.status === 'inactive' || body.role !== undefined || body.permissions != null },
  )
  return { body: { ...presentUser(user), growingKeys: [...growingKeys], passwordEnded } }
}
