import { isId } from '@latchkey/core/ids'
import { findCompanies, findCompany } from '../../storage/tables/companies.ts'
import { listingOfCompanies } from '../../storage/tables/listing/listings.ts'
import { answerList } from '../present/list.ts'
import { presentCompany } from '../present/present-company.ts'
import type { Handler } from '../schema/context.ts'

export const listCompanies: Handler<'listCompanies'> = (deps, context) => {
  const { principal, query } = context
  return answerList(deps, context, {
    listing: listingOfCompanies(query),
    companyId: principal.companyId,
    query,
    carried: { externalId: query.externalId, search: query.search },
    isPosition: async (db, id) => isId('cmp', id) && (await findCompany(db, id)) !== undefined,
    rows: (db, ids) => findCompanies(db, ids),
    present: presentCompany,
  })
}
