import type { CompanyId } from '@latchkey/core/ids'
import { prepared } from '../prepared.ts'
import { rowsById } from './rows-by-id.ts'
import type { AuditEventRow, Db, StoredEvent } from './schema.ts'

const eventInsert = prepared((db, row: AuditEventRow) => db.insertInto('audit_events').values(row))

export async function insertAuditEvent(db: Db, row: AuditEventRow): Promise<void> {
  await eventInsert(db, row)
}

/** By id, as `findAuditEvents(db, { companyId }, ids)`. */
export const findAuditEvents = rowsById((db, { companyId }: { companyId: CompanyId }, ids) =>
  db.selectFrom('audit_events').selectAll().where('company_id', '=', companyId).where('id', 'in', ids),
)

/** In the order of the chain. */
export async function listEventsAfter(
  db: Db,
  companyId: CompanyId,
  sequence: number,
  limit: number,
): Promise<StoredEvent[]> {
  return db
    .selectFrom('audit_events')
    .selectAll()
    .where('company_id', '=', companyId)
    .where('sequence', '>', sequence)
    .orderBy('sequence')
    .limit(limit)
    .execute()
}

/** The first event in the order of the chain that happened at or after a moment. */
export async function findFirstEventSince(
  db: Db,
  companyId: CompanyId,
  sinceMs: number,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('audit_events')
    .select((columns) => columns.fn.min('sequence').as('sequence'))
    .where('company_id', '=', companyId)
    .where('at', '>=', sinceMs)
    .executeTakeFirst()
  return row?.sequence ?? undefined
}

/** Takes events from the start of a chain. */
export async function deleteEventsUpTo(db: Db, companyId: CompanyId, sequence: number): Promise<void> {
  await db
    .deleteFrom('audit_events')
    .where('company_id', '=', companyId)
    .where('sequence', '<=', sequence)
    .execute()
}

/** The end of the chain as it is there, whatever the company's row says. */
export async function findLastEvent(db: Db, companyId: CompanyId): Promise<StoredEvent | undefined> {
  return db
    .selectFrom('audit_events')
    .selectAll()
    .where('company_id', '=', companyId)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
}
