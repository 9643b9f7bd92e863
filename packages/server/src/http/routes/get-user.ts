import { isId } from '@latchkey/core/ids'
import { findUser } from '../../storage/users.ts'
import { userNotFound } from '../../users/update-user.ts'
import type { Handler } from '../context.ts'
import { presentUser } from '../present-user.ts'

export const getUser: Handler<'getUser'> = async (deps, { principal, params }) => {
  const { userId } = params
  const row = isId('usr', userId)
    ? await deps.engine.read((db) => findUser(db, principal.companyId, userId), {
        party: principal.companyId,
      })
    : undefined
  if (row === undefined) throw userNotFound()
  return { body: presentUser(row) }
}
