import type { Company } from '@latchkey/contract/schemas/companies'
import type { CompanyRow } from '../storage/schema.ts'
import { presentTime } from './present-time.ts'

export function presentCompany(row: CompanyRow): Company {
  return {
    id: row.id,
    name: row.name,
    externalId: row.external_id,
    status: row.status,
    createdAt: presentTime(row.created_at),
    updatedAt: presentTime(row.updated_at),
  }
}
