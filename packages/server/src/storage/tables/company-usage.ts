import { AppError } from '@latchkey/core/error'
import type { CompanyId, KeyId, UserId } from '@latchkey/core/ids'
import { type DaySpan, findDays } from './key-usage.ts'
import type { Pace } from './listing/page.ts'
import type { Db } from './schema.ts'
import { addCounts, COUNT_COLUMNS, type Counts, countsOf, noCounts } from './usage-counts.ts'

/** What was counted of something, such as a day or a key. */
export type UsageRow<Of> = { readonly of: Of; readonly counts: Counts }

/** Keys or users of one company that may have been used; each takes some 200 bytes while they are summed. */
const GROUPS_MAX = 200_000

/** The company's totals, oldest first; days without use are left out. */
export async function findCompanyDays(
  db: Db,
  companyId: CompanyId,
  span: DaySpan,
): Promise<UsageRow<number>[]> {
  const company = await findNumber(db, companyId)
  if (company === undefined) return []
  const days = await findDays(db, { company, key: 0 }, span)
  return days.map(({ day, counts }) => ({ of: day, counts }))
}

/**
 * Counts of each key or user of a company. Walks every row of the company in the span, a chunk at a time. Throws
 * AppError `unavailable` when there are more than GROUPS_MAX.
 */
export async function countUsage<Group extends 'key' | 'user'>(
  db: Db,
  companyId: CompanyId,
  { by, span, pace }: { readonly by: Group; readonly span: DaySpan; readonly pace: Pace },
): Promise<UsageRow<KeyId | UserId>[]> {
  const sums = new Map<KeyId | UserId, Counts>()
  const company = await findNumber(db, companyId)
  if (company === undefined) return []
  for (let day = span.from; day <= span.to; day += 1) {
    let above = 0
    for (;;) {
      const limit = pace.chunkRows
      const rows = await findChunk(db, { day, company, above, limit })
      for (const row of rows) {
        const group = by === 'key' ? row.key_id : row.user_id
        let counts = sums.get(group)
        if (counts === undefined) {
          if (sums.size >= GROUPS_MAX) throw tooMany()
          counts = noCounts()
          sums.set(group, counts)
        }
        addCounts(counts, countsOf(row))
      }
      if (rows.length > 0) await pace.pause(rows.length)
      if (rows.length < limit) break
      above = rows.at(-1)!.key_number
    }
  }
  return [...sums].map(([of, counts]) => ({ of, counts }))
}

const tooMany = (): AppError =>
  new AppError(
    'unavailable',
    `More than ${GROUPS_MAX.toLocaleString('en')} were used in that time: ask for fewer days, or by day or code.`,
  )

async function findNumber(db: Db, companyId: CompanyId): Promise<number | undefined> {
  const row = await db
    .selectFrom('usage_companies')
    .select('number')
    .where('company_id', '=', companyId)
    .executeTakeFirst()
  return row?.number
}

type Chunk = {
  readonly day: number
  readonly company: number
  readonly above: number
  readonly limit: number
}

const findChunk = (db: Db, { day, company, above, limit }: Chunk) =>
  db
    .selectFrom('usage_days as d')
    .innerJoin('usage_keys as u', 'u.number', 'd.key_number')
    .innerJoin('keys as k', 'k.id', 'u.key_id')
    .select(['d.key_number', 'u.key_id', 'k.user_id'])
    .select(COUNT_COLUMNS.map((column) => `d.${column}` as const))
    .where('d.day', '=', day)
    .where('d.company_number', '=', company)
    .where('d.key_number', '>', above)
    .orderBy('d.key_number')
    .limit(limit)
    .execute()
