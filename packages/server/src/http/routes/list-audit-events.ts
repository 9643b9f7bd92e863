import { isId } from '@latchkey/core/ids'
import { findAuditEvents } from '../../storage/audit.ts'
import { listingOfEvents } from '../../storage/event-listing.ts'
import type { Handler } from '../context.ts'
import { answerList } from '../list.ts'
import { momentOf } from '../moment.ts'
import { presentAuditEvent } from '../present-audit-event.ts'

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
