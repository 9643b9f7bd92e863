import { foldText } from '@latchkey/core/fold-text'
import type { CompanyId } from '@latchkey/core/ids'
import type { Db } from '../schema.ts'
import { foundIds } from './found-ids.ts'
import { preparedIds } from './ids-within.ts'
import type { Listing } from './page.ts'

type Narrowed = { readonly externalId?: string | undefined; readonly search?: string | undefined }

/** The company's users, or those of them that match. */
export function listingOfUsers(companyId: CompanyId, { externalId, search }: Narrowed = {}): Listing {
  const filter = externalId === undefined ? { companyId } : { companyId, externalId }
  const ids = userIds(filter)
  if (search !== undefined) {
    return {
      unfilteredIds: ids,
      ids: (db, range, order, limit, offset) => {
        const users = usersOf(db, filter).select(['users.name', 'users.email', 'users.external_id'])
        return foundIds(users, holding(search), { range, order, limit, offset })
      },
    }
  }
  return {
    ids,
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

/** There are far fewer users and companies than keys: all are compared here, and no store needs a rule about letters. */
function holding(search: string): (row: Readonly<Record<string, string | null>>) => boolean {
  const folded = foldText(search)
  return (row) => Object.values(row).some((text) => text !== null && foldText(text).includes(folded))
}

/** Every company of the deployment, or those of them that match. */
export function listingOfCompanies({ externalId, search }: Narrowed = {}): Listing {
  const filter = externalId === undefined ? {} : { externalId }
  const ids = companyIds(filter)
  if (search !== undefined) {
    return {
      unfilteredIds: ids,
      ids: (db, range, order, limit, offset) => {
        const companies = companiesOf(db, filter).select(['companies.name', 'companies.external_id'])
        return foundIds(companies, holding(search), { range, order, limit, offset })
      },
    }
  }
  return {
    ids,
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
