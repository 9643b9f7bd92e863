import type { AuditEvent } from '@latchkey/contract/schemas/audit'
import type { AuditEventRow } from '../../storage/tables/schema.ts'
import { presentTime } from './present-time.ts'

export function presentAuditEvent(row: AuditEventRow): AuditEvent {
  return {
    id: row.id,
    companyId: row.company_id,
    sequence: row.sequence,
    at: presentTime(row.at),
    action: row.action as AuditEvent['action'],
    actor: {
      type: row.actor_type as AuditEvent['actor']['type'],
      id: row.actor_id,
      userId: row.actor_user_id,
    },
    object: { type: row.object_type as AuditEvent['object']['type'], id: row.object_id },
    address: row.address,
    requestId: row.request_id,
    changes: JSON.parse(row.changes) as Record<string, unknown>,
    hash: Buffer.from(row.hash).toString('hex'),
  }
}
