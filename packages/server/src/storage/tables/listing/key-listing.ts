import type { CompanyId, UserId } from '@latchkey/core/ids'
import { sql } from 'kysely'
import type { Db, Status } from '../schema.ts'
import { foundIds } from './found-ids.ts'
import { idsWithin, preparedIds } from './ids-within.ts'
import { searchOf } from './key-search.ts'
import type { Listing } from './page.ts'

/** Times in milliseconds since the epoch. */
export type KeyFilter = {
  readonly status: Status | 'all'
  readonly userId?: UserId | undefined
  readonly search?: string | undefined
  readonly isRestricted?: boolean | undefined
  readonly unusedSinceMs?: number | undefined
  readonly expiringBeforeMs?: number | undefined
}

/** The company's keys that match, by id. Status and user have indexes and counters; the rest is scanned. */
export function listingOfKeys(companyId: CompanyId, filter: KeyFilter): Listing {
  const { search, isRestricted, unusedSinceMs, expiringBeforeMs } = filter
  const indexed = {
    companyId,
    ...(filter.userId === undefined ? {} : { userId: filter.userId }),
    ...(filter.status === 'all' ? {} : { status: filter.status }),
  }
  const ids = indexedIds(indexed)
  const extras = [search, isRestricted, unusedSinceMs, expiringBeforeMs]
  if (extras.every((extra) => extra === undefined)) {
    return { ids, total: (db) => countedKeys(db, companyId, filter) }
  }
  return {
    unfilteredIds: ids,
    ids: async (db, range, order, limit, offset) => {
      let query = keysOf(db, indexed)
      if (isRestricted !== undefined)
        query = query.where('keys.whitelisted_ips', isRestricted ? 'is not' : 'is', null)
      if (unusedSinceMs !== undefined) query = query.where(unused(unusedSinceMs))
      if (expiringBeforeMs !== undefined) query = query.where('keys.expires_at', '<', expiringBeforeMs)
      const piece = { range, order, limit, offset }
      if (search !== undefined) {
        const { condition, undecided, isFound } = searchOf(search)
        return foundIds(query.where(condition).select(undecided.as('undecided')), isFound, piece)
      }
      const rows = await idsWithin(query, piece).execute()
      return rows.map((row) => row.id)
    },
  }
}

/** What has an index. */
type IndexedFilter = { readonly companyId: CompanyId; readonly userId?: UserId; readonly status?: Status }

function keysOf(db: Db, { companyId, userId, status }: IndexedFilter) {
  let query = db.selectFrom('keys').select('keys.id as id').where('keys.company_id', '=', companyId)
  if (userId !== undefined) query = query.where('keys.user_id', '=', userId)
  if (status !== undefined) query = query.where('keys.status', '=', status)
  return query
}

const indexedIds = preparedIds(keysOf)

/** Made before the moment and not used since: a key made yesterday is not "unused for 90 days". */
function unused(sinceMs: number) {
  return sql<boolean>`(keys.created_at < ${sinceMs} and not exists (
    select 1 from key_usage where key_usage.key_id = keys.id and key_usage.last_used_at >= ${sinceMs}))`
}

/** The counters that every creation and deletion moves in its own transaction: exact, and never a scan. */
async function countedKeys(db: Db, companyId: CompanyId, filter: KeyFilter): Promise<number> {
  const counters =
    filter.userId === undefined
      ? await db
          .selectFrom('companies')
          .select(['keys_active', 'keys_inactive'])
          .where('id', '=', companyId)
          .executeTakeFirst()
      : await db
          .selectFrom('users')
          .select(['keys_active', 'keys_inactive'])
          .where('company_id', '=', companyId)
          .where('id', '=', filter.userId)
          .executeTakeFirst()
  if (counters === undefined) return 0
  if (filter.status === 'active') return counters.keys_active
  if (filter.status === 'inactive') return counters.keys_inactive
  return counters.keys_active + counters.keys_inactive
}
