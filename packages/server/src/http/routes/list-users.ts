import { isId } from '@latchkey/core/ids'
import { listingOfUsers } from '../../storage/listings.ts'
import { findUserOrDeleted, findUsers } from '../../storage/users.ts'
import type { Handler } from '../context.ts'
import { answerList } from '../list.ts'
import { presentUser } from '../present-user.ts'

export const listUsers: Handler<'listUsers'> = (deps, context) => {
  const { principal, query } = context
  const { companyId } = principal
  return answerList(deps, context, {
    listing: listingOfUsers(companyId, query.externalId),
    companyId,
    query,
    carried: { externalId: query.externalId },
    isPosition: async (db, id) =>
      isId('usr', id) && (await findUserOrDeleted(db, companyId, id)) !== undefined,
    rows: (db, ids) => findUsers(db, companyId, ids),
    present: presentUser,
  })
}
