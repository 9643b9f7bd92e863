import { updateUser as update } from '../../users/update-user.ts'
import type { Handler } from '../context.ts'
import { presentUser } from '../present-user.ts'

export const updateUser: Handler<'updateUser'> = async (deps, { principal, actor, params, body }) => {
  const row = await deps.write(actor, (tx) => update(tx, deps.chain, principal, params.userId, body))
  return { body: presentUser(row) }
}
