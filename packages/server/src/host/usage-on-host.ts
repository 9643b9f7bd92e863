import { dateOf, textOfMonth } from '@latchkey/core/calendar'
import { AppError } from '@latchkey/core/error'
import { type CompanyId, isId, type KeyId } from '@latchkey/core/ids'
import { mostFirst, presentSum, type Sum, sumByCode } from '../http/present/present-usage.ts'
import { readSpan } from '../http/schema/usage-span.ts'
import type { Services } from '../services.ts'
import { findCompany, findOperatorCompany } from '../storage/tables/companies.ts'
import { countUsage, findCompanyDays } from '../storage/tables/company-usage.ts'
import { type DaySpan, findKeyUsage } from '../storage/tables/key-usage.ts'
import { findKeyInDeployment } from '../storage/tables/keys.ts'
import type { Db } from '../storage/tables/schema.ts'
import { noCompanyYet } from './no-company-yet.ts'

export type UsageGroup = 'day' | 'key' | 'code' | 'user'

/** `of`: id of a key or company; undefined: the operator's company. Dates as 2026-11-28. */
type Asked = {
  readonly of?: string
  readonly by: UsageGroup
  readonly from?: string
  readonly to?: string
}

/** Nobody waits for the command in between. */
const WHOLE = { chunkRows: 5_000, pause: async () => {} }

/**
 * What the store has of a key, by day and month, or of a company. What a running service still has in memory is not in it.
 * Throws AppError: `key_not_found`, `company_not_found`, input faults.
 */
export async function listUsageOnHost(
  { engine, clock }: Pick<Services, 'engine' | 'clock'>,
  { of, by, ...days }: Asked,
): Promise<ReturnType<typeof presentSum>[]> {
  const span = readSpan(days, clock.nowMs())
  const sums = await engine.read(async (db) => {
    if (of !== undefined && isId('key', of)) return sumsOfKey(db, of, span)
    return sumsOfCompany(db, await companyOf(db, of), by, span)
  })
  return sums.map(({ id, counts }) => presentSum(id, counts))
}

async function sumsOfKey(db: Db, id: KeyId, span: DaySpan): Promise<Sum[]> {
  const key = await findKeyInDeployment(db, id)
  if (key === undefined) throw new AppError('key_not_found', 'No key has that id.')
  const { days, months } = await findKeyUsage(db, key.companyId, id, span)
  return [
    ...days.map(({ day, counts }) => ({ id: dateOf(day), counts })).reverse(),
    ...months.map(({ month, counts }) => ({ id: textOfMonth(month), counts })).reverse(),
  ]
}

async function sumsOfCompany(
  db: Db,
  companyId: CompanyId,
  by: UsageGroup,
  span: DaySpan,
): Promise<readonly Sum[]> {
  if (by === 'key' || by === 'user') {
    const sums = await countUsage(db, companyId, { by, span, pace: WHOLE })
    return mostFirst(sums.map(({ of, counts }) => ({ id: of, counts })))
  }
  const days = (await findCompanyDays(db, companyId, span)).map(({ of, counts }) => ({
    id: dateOf(of),
    counts,
  }))
  return by === 'day' ? days.reverse() : sumByCode(days)
}

async function companyOf(db: Db, id: string | undefined): Promise<CompanyId> {
  const company =
    id === undefined ? await findOperatorCompany(db) : isId('cmp', id) ? await findCompany(db, id) : undefined
  if (company !== undefined) return company.id
  if (id === undefined) throw noCompanyYet()
  // What was given may be the text of a key: it is not repeated.
  throw new AppError(
    'company_not_found',
    'That is no id of a key (key_…) or a company (cmp_…) of this store.',
  )
}
