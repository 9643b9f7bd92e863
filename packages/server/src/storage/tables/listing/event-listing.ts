import type { CompanyId } from '@latchkey/core/ids'
import type { Db } from '../schema.ts'
import { idsWithin, preparedIds } from './ids-within.ts'
import type { Listing } from './page.ts'

/** Times in milliseconds since the epoch; `untilMs` is left out, `sinceMs` is not. */
export type EventFilter = {
  readonly actorId?: string | undefined
  readonly action?: string | undefined
  readonly objectId?: string | undefined
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

/** The company's audit events that match, by id. Without a filter the counter answers; with one, events are scanned. */
export function listingOfEvents(companyId: CompanyId, filter: EventFilter): Listing {
  const allIds = eventIds({ companyId })
  if (Object.values(filter).every((value) => value === undefined)) {
    return { ids: allIds, total: (db) => countEvents(db, companyId) }
  }
  const { actorId, action, objectId, sinceMs, untilMs } = filter
  return {
    unfilteredIds: allIds,
    ids: async (db, range, order, limit, offset) => {
      let query = eventsOf(db, { companyId })
      if (actorId !== undefined) {
        query = query.where(({ eb, or }) =>
          // What somebody did with a key or in a session is what the user did, too.
          or([eb('audit_events.actor_id', '=', actorId), eb('audit_events.actor_user_id', '=', actorId)]),
        )
      }
      if (action !== undefined) query = query.where('audit_events.action', '=', action)
      if (objectId !== undefined) query = query.where('audit_events.object_id', '=', objectId)
      if (sinceMs !== undefined) query = query.where('audit_events.at', '>=', sinceMs)
      if (untilMs !== undefined) query = query.where('audit_events.at', '<', untilMs)
      const rows = await idsWithin(query, { range, order, limit, offset }).execute()
      return rows.map((row) => row.id)
    },
  }
}

const eventsOf = (db: Db, { companyId }: { readonly companyId: CompanyId }) =>
  db
    .selectFrom('audit_events')
    .select('audit_events.id as id')
    .where('audit_events.company_id', '=', companyId)

const eventIds = preparedIds(eventsOf)

async function countEvents(db: Db, companyId: CompanyId): Promise<number> {
  const company = await db
    .selectFrom('companies')
    .select(['audit_count', 'audit_cut'])
    .where('id', '=', companyId)
    .executeTakeFirst()
  return company === undefined ? 0 : company.audit_count - company.audit_cut
}
