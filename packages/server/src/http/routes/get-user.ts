import { isId } from '@latchkey/core/ids'
import { findUser } from '../../storage/tables/users.ts'
import { userNotFound } from '../../users/update-user.ts'
import { presentUser } from '../present/present-user.ts'
import type { Handler } from '../schema/context.ts'
import { etagOf } from '../wire/if-match.ts'

export const getUser: Handler<'getUser'> = async (deps, { principal, params }) => {
  const { userId } = params
  const row = isId('usr', userId)
    ? await deps.engine.read((db) => findUser(db, principal.companyId, userId), {
        party: principal.companyId,
      })
    : undefined
  if (row === undefined) throw userNotFound()
  return { headers: { etag: etagOf(row) }, body: presentUser(row) }
}
