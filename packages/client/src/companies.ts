import type { Call } from './call.ts'
import type { CallOptions } from './options.ts'
import { createPages, type Pages } from './pages.ts'
import type { Transport } from './transport.ts'
import type { Company, CompanyCreate, CompanyList, CompanyUpdate, ListCompaniesQuery } from './wire.ts'

/** The deployment's companies. For the operator. */
export interface CompaniesResource {
  /** Newest first: every one by `for await`, or one page by `.page()`. */
  list(query?: ListCompaniesQuery, options?: CallOptions): Pages<Company, CompanyList>
  create(company: CompanyCreate, options?: CallOptions): Call<Company>
  get(id: string, options?: CallOptions): Call<Company>
  /** Changes what is given and leaves the rest. `status: 'inactive'` stops all of the company's keys before it resolves. */
  update(id: string, change: CompanyUpdate, options?: CallOptions): Call<Company>
}

export function createCompanies(transport: Transport): CompaniesResource {
  return {
    list: (query = {}, options) =>
      createPages(query, (page) => transport('listCompanies', { query: page }, options)),
    create: (body, options) => transport('createCompany', { body }, options),
    get: (id, options) => transport('getCompany', { ids: [id] }, options),
    update: (id, body, options) => transport('updateCompany', { ids: [id], body }, options),
  }
}
