import type { Company as CompanyOnTheWire } from '@latchkey/contract/schemas/companies'
import type { Company } from '../../storage/tables/company.ts'
import { presentTime } from './present-time.ts'

export function presentCompany(company: Company): CompanyOnTheWire {
  return {
    id: company.id,
    name: company.name,
    externalId: company.externalId,
    status: company.status,
    createdAt: presentTime(company.createdAtMs),
    updatedAt: presentTime(company.updatedAtMs),
  }
}
