import { AuditEventList, ListAuditQuery } from '../schemas/audit.ts'
import type { Operation } from './operation.ts'

const tag = 'Audit'

export const auditOperations = {
  listAuditEvents: {
    method: 'GET',
    path: '/audit',
    tag,
    summary: "List the company's audit events",
    description: 'Returns one page of what happened in the company, newest first.',
    authentication: 'required',
    permission: 'audit:read',
    query: ListAuditQuery,
    success: { status: 200, schema: AuditEventList },
  },
} as const satisfies Record<string, Operation>
