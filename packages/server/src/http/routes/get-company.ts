import { isId } from '@latchkey/core/ids'
import { companyNotFound } from '../../companies/update-company.ts'
import { findCompany } from '../../storage/tables/companies.ts'
import { presentCompany } from '../present/present-company.ts'
import type { Handler } from '../schema/context.ts'
import { etagOf } from '../wire/if-match.ts'

export const getCompany: Handler<'getCompany'> = async (deps, { params }) => {
  const { companyId } = params
  const row = isId('cmp', companyId)
    ? await deps.engine.read((db) => findCompany(db, companyId), { party: companyId })
    : undefined
  if (row === undefined) throw companyNotFound()
  return { headers: { etag: etagOf(row) }, body: presentCompany(row) }
}
