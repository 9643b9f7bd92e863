import { isId } from '@latchkey/core/ids'
import { findCompanies, findCompany } from '../../storage/companies.ts'
import { listingOfCompanies } from '../../storage/listings.ts'
import type { Handler } from '../context.ts'
import { answerList } from '../list.ts'
import { presentCompany } from '../present-company.ts'

export const listCompanies: Handler<'listCompanies'> = (deps, context) => {
  const { principal, query } = context
  return answerList(deps, context, {
    listing: listingOfCompanies(query.externalId),
    companyId: principal.companyId,
    query,
    carried: { externalId: query.externalId },
    isPosition: async (db, id) => isId('cmp', id) && (await findCompany(db, id)) !== undefined,
    rows: (db, ids) => findCompanies(db, ids),
    present: presentCompany,
  })
}
