import { createUser as create } from '../../users/create-user.ts'
import type { Handler } from '../context.ts'
import { once } from '../once.ts'
import { presentUser } from '../present-user.ts'

export const createUser: Handler<'createUser'> = (deps, context) =>
  once(deps, context, async (change) => {
    const row = await create(change, context.body, deps.config.companyUsersMax)
    return { headers: { location: `/users/${row.id}` }, body: presentUser(row) }
  })
