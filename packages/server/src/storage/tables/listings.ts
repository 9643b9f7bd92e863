import type { CompanyId } from '@latchkey/core/ids'
import { preparedIds } from './ids-within.ts'
import type { Listing } from './page.ts'
import type { Db } from './schema.ts'

/** The company's users, or the one with the external id. */
export function listingOfUsers(companyId: CompanyId, externalId: string | undefined): Listing {
  const filter = externalId === undefined ? { companyId } : { companyId, externalId }
  return {
    ids: userIds(filter),
    total: async (db) => {
      if (externalId !== undefined) return (await usersOf(db, filter).execute()).length
      const company = await db
        .selectFrom('companies')
        .select('users_count')
        .where('id', '=', companyId)
        .executeTakeFirst()
      return company?.users_count ?? 0
    },
  }
}

type UserFilter = { readonly companyId: CompanyId; readonly externalId?: string }

function usersOf(db: Db, { companyId, externalId }: UserFilter) {
  const query = db
    .selectFrom('users')
    .select('users.id as id')
    .where('users.company_id', '=', companyId)
    .where('users.deleted_at', 'is', null)
  return externalId === undefined ? query : query.where('users.external_id', '=', externalId)
}

const userIds = preparedIds(usersOf)

/** Every company of the deployment, or the one with the external id. */
export function listingOfCompanies(externalId: string | undefined): Listing {
  const filter = externalId === undefined ? {} : { externalId }
  return {
    ids: companyIds(filter),
    total: async (db) => {
      if (externalId !== undefined) return (await companiesOf(db, filter).execute()).length
      const deployment = await db.selectFrom('deployment').select('companies_count').executeTakeFirst()
      return deployment?.companies_count ?? 0
    },
  }
}

type CompanyFilter = { readonly externalId?: string }

function companiesOf(db: Db, { externalId }: CompanyFilter) {
  const query = db.selectFrom('companies').select('companies.id as id')
  return externalId === undefined ? query : query.where('companies.external_id', '=', externalId)
}

const companyIds = preparedIds(companiesOf)
