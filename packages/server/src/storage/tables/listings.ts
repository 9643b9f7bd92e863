import { foldText } from '@latchkey/core/fold-text'
import type { CompanyId } from '@latchkey/core/ids'
import { foundIds } from './found-ids.ts'
import { preparedIds } from './ids-within.ts'
import type { Listing } from './page.ts'
import type { Db } from './schema.ts'
import type { User } from './user.ts'

type UserListing = { readonly externalId?: string | undefined; readonly search?: string | undefined }

/** The company's users, or those of them that match. */
export function listingOfUsers(companyId: CompanyId, { externalId, search }: UserListing = {}): Listing {
  const filter = externalId === undefined ? { companyId } : { companyId, externalId }
  const ids = userIds(filter)
  if (search !== undefined) {
    return {
      unfilteredIds: ids,
      ids: (db, range, order, limit, offset) =>
        foundIds(usersOf(db, filter).select(SEARCHED), holding(search), { range, order, limit, offset }),
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

const SEARCHED = ['users.name as name', 'users.email as email', 'users.external_id as externalId'] as const
type Searched = Pick<User, 'id' | 'name' | 'email' | 'externalId'>

/** A company has far fewer users than keys: all are compared here, and no store needs a rule about letters. */
function holding(search: string): (user: Searched) => boolean {
  const folded = foldText(search)
  return ({ id, name, email, externalId }) =>
    [id, name, email, externalId].some((text) => text !== null && foldText(text).includes(folded))
}

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
