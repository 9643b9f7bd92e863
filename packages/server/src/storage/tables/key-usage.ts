import { type Day, type Month, monthOf } from '@latchkey/core/calendar'
import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { Db } from './schema.ts'
import { COUNT_COLUMNS, type Counts, countsOf } from './usage-counts.ts'
import type { NetworkUse } from './usage-networks.ts'

/** Both ends belong to it. */
export type DaySpan = { readonly from: Day; readonly to: Day }

/** What was counted of one key, oldest first; days and months without use are left out. */
export type KeyUsage = {
  readonly days: readonly { readonly day: Day; readonly counts: Counts }[]
  /** Those whose days are kept no more. */
  readonly months: readonly { readonly month: Month; readonly counts: Counts }[]
  /** Latest first. */
  readonly networks: readonly NetworkUse[]
}

export async function findKeyUsage(
  db: Db,
  companyId: CompanyId,
  keyId: KeyId,
  span: DaySpan,
): Promise<KeyUsage> {
  const key = await db
    .selectFrom('usage_keys as u')
    .innerJoin('keys as k', 'k.id', 'u.key_id')
    .select(['u.number', 'u.company_number'])
    .where('u.key_id', '=', keyId)
    .where('k.company_id', '=', companyId)
    .executeTakeFirst()
  if (key === undefined) return { days: [], months: [], networks: [] }
  const place = { key: key.number, company: key.company_number }
  return {
    days: await findDays(db, place, span),
    months: await findMonths(db, place, span),
    networks: await findNetworks(db, key.number),
  }
}

type Place = { readonly key: number; readonly company: number }

/** The days come first in the index: each is looked up, and no other key's rows are read. */
export async function findDays(
  db: Db,
  { key, company }: Place,
  { from, to }: DaySpan,
): Promise<{ day: Day; counts: Counts }[]> {
  const rows = await db
    .selectFrom('usage_days')
    .select(['day', ...COUNT_COLUMNS])
    .where('day', 'in', numbersOf(from, to))
    .where('company_number', '=', company)
    .where('key_number', '=', key)
    .orderBy('day')
    .execute()
  return rows.map((row) => ({ day: row.day, counts: countsOf(row) }))
}

async function findMonths(
  db: Db,
  { key, company }: Place,
  { from, to }: DaySpan,
): Promise<KeyUsage['months']> {
  const rows = await db
    .selectFrom('usage_months')
    .select(['month', ...COUNT_COLUMNS])
    .where('month', 'in', numbersOf(monthOf(from), monthOf(to)))
    .where('company_number', '=', company)
    .where('key_number', '=', key)
    .orderBy('month')
    .execute()
  return rows.map((row) => ({ month: row.month, counts: countsOf(row) }))
}

const numbersOf = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

async function findNetworks(db: Db, number: number): Promise<NetworkUse[]> {
  const rows = await db
    .selectFrom('usage_networks')
    .selectAll()
    .where('key_number', '=', number)
    .orderBy('last_at', 'desc')
    .orderBy('network')
    .execute()
  return rows.map((row) => ({
    isAccepted: row.is_accepted === 1,
    network: row.network,
    address: row.address,
    firstAtMs: row.first_at,
    lastAtMs: row.last_at,
  }))
}
