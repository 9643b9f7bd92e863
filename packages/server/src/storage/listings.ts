import type { CompanyId } from '@latchkey/core/ids'
import { withinRange } from './id-range.ts'
import type { Listing } from './page.ts'
import type { Db } from './schema.ts'

/** The company's users, or the one with the external id. */
export function listingOfUsers(companyId: CompanyId, externalId: string | undefined): Listing {
  const matching = (db: Db) => {
    const query = db.selectFrom('users').select('users.id as id').where('users.company_id', '=', companyId)
    return externalId === undefined ? query : query.where('users.external_id', '=', externalId)
  }
  return {
    ids: async (db, range, order, limit, offset) => {
      const rows = await withinRange(matching(db), 'users.id', range, order)
        .limit(limit)
        .offset(offset)
        .execute()
      return rows.map((row) => row.id)
    },
    total: async (db) => {
      if (externalId !== undefined) return (await matching(db).execute()).length
      const company = await db
        .selectFrom('companies')
        .select('users_count')
        .where('id', '=', companyId)
        .executeTakeFirst()
      return company?.users_count ?? 0
    },
  }
}

/** Every company of the deployment, or the one with the external id. */
export function listingOfCompanies(externalId: string | undefined): Listing {
  const matching = (db: Db) => {
    const query = db.selectFrom('companies').select('companies.id as id')
    return externalId === undefined ? query : query.where('companies.external_id', '=', externalId)
  }
  return {
    ids: async (db, range, order, limit, offset) => {
      const rows = await withinRange(matching(db), 'companies.id', range, order)
        .limit(limit)
        .offset(offset)
        .execute()
      return rows.map((row) => row.id)
    },
    total: async (db) => {
      if (externalId !== undefined) return (await matching(db).execute()).length
      const deployment = await db.selectFrom('deployment').select('companies_count').executeTakeFirst()
      return deployment?.companies_count ?? 0
    },
  }
}
