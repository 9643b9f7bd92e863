import { isId } from '@latchkey/core/ids'
import { findAuditEvents } from '../../storage/tables/audit.ts'
import { listingOfEvents } from '../../storage/tables/listing/event-listing.ts'
import { answerList } from '../present/list.ts'
import { presentAuditEvent } from '../present/present-audit-event.ts'
import type { Handler } from '../schema/context.ts'
import { momentOf } from '../schema/moment.ts'

export const listAuditEvents: Handler<'listAuditEvents'> = (deps, context) => {
  const { principal, query } = context
  const { companyId } = principal
  const { actorId, action, objectId, since, until } = query
  return answerList(deps, context, {
    listing: listingOfEvents(companyId, {
      actorId,
      action,
      objectId,
      sinceMs: momentOf(since),
      untilMs: momentOf(until),
    }),
    companyId,
    query,
    carried: { actorId, action, objectId, since, until },
    isPosition: async (db, id) => isId('evt', id) && (await findAuditEvents(db, { companyId }, [id])).has(id),
    rows: (db, ids) => findAuditEvents(db, { companyId }, ids),
    present: presentAuditEvent,
  })
}
