import { isId } from '@latchkey/core/ids'
import { listingOfUsers } from '../../storage/tables/listing/listings.ts'
import { findUserOrDeleted, findUsers } from '../../storage/tables/users.ts'
import { answerList } from '../present/list.ts'
import { presentUser } from '../present/present-user.ts'
import type { Handler } from '../schema/context.ts'

export const listUsers: Handler<'listUsers'> = (deps, context) => {
  const { principal, query } = context
  const { companyId } = principal
  return answerList(deps, context, {
    listing: listingOfUsers(companyId, query),
    companyId,
    query,
    carried: { externalId: query.externalId, search: query.search },
    isPosition: async (db, id) =>
      isId('usr', id) && (await findUserOrDeleted(db, companyId, id)) !== undefined,
    rows: (db, ids) => findUsers(db, companyId, ids),
    present: presentUser,
  })
}
