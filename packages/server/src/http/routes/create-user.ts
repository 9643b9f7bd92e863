import { createUser as create } from '../../users/create-user.ts'
import { presentUser } from '../present/present-user.ts'
import type { Handler } from '../schema/context.ts'
import { etagOf } from '../wire/if-match.ts'
import { once } from './once.ts'

export const createUser: Handler<'createUser'> = (deps, context) =>
  once(deps, context, async (change) => {
    const row = await create(change, context.body, deps.config.companyUsersMax)
    return { headers: { location: `/users/${row.id}`, etag: etagOf(row) }, body: presentUser(row) }
  })
