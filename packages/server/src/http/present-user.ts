import type { User } from '@latchkey/contract/schemas/users'
import type { UserRow } from '../storage/schema.ts'
import { presentTime } from './present-time.ts'

export function presentUser(row: UserRow): User {
  return {
    id: row.id,
    companyId: row.company_id,
    name: row.name,
    role: row.role,
    email: row.email,
    externalId: row.external_id,
    permissions: row.permissions === null ? null : (JSON.parse(row.permissions) as string[]),
    status: row.status,
    createdAt: presentTime(row.created_at),
    updatedAt: presentTime(row.updated_at),
  }
}
