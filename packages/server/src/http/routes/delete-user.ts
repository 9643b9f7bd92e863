import { deleteUser as remove } from '../../users/delete-user.ts'
import type { Handler } from '../schema/context.ts'

export const deleteUser: Handler<'deleteUser'> = async (deps, { principal, requester, params }) => {
  await deps.change(requester, principal.companyId, (change) => remove(change, params.userId), {
    isRevocation: true,
  })
  return { body: undefined }
}
