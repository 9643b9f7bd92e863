import type { CallOptions } from './options.ts'
import { createPages, type Pages } from './pages.ts'
import type { Transport } from './transport.ts'
import type { AuditEvent, AuditEventList, ListAuditEventsQuery } from './wire.ts'

/** What happened in the company. */
export interface AuditResource {
  /** Newest first: every event by `for await`, or one page by `.page()`. */
  list(query?: ListAuditEventsQuery, options?: CallOptions): Pages<AuditEvent, AuditEventList>
}

export function createAudit(transport: Transport): AuditResource {
  return {
    list: (query = {}, options) =>
      createPages(query, (page) => transport('listAuditEvents', { query: page }, options)),
  }
}
