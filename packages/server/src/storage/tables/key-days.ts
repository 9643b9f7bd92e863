import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { DaySpan } from './key-usage.ts'
import type { Db } from './schema.ts'
import { COUNT_COLUMNS, type Counts, countsOf } from './usage-counts.ts'

type KeyDay = { readonly keyId: KeyId; readonly day: number; readonly counts: Counts }

/** What was counted of some keys of a company; days without use are left out. Looks up one row a key and day. */
export async function findDaysOfKeys(
  db: Db,
  companyId: CompanyId,
  keyIds: readonly KeyId[],
  { from, to }: DaySpan,
): Promise<KeyDay[]> {
  if (keyIds.length === 0) return []
  const keys = await db
    .selectFrom('usage_keys as u')
    .innerJoin('keys as k', 'k.id', 'u.key_id')
    .select(['u.number', 'u.key_id', 'u.company_number'])
    .where('k.company_id', '=', companyId)
    .where('u.key_id', 'in', keyIds)
    .execute()
  const [first] = keys
  if (first === undefined) return []
  const idOf = new Map(keys.map(({ number, key_id }) => [number, key_id]))
  const rows = await db
    .selectFrom('usage_days')
    .select(['day', 'key_number', ...COUNT_COLUMNS])
    .where(
      'day',
      'in',
      Array.from({ length: to - from + 1 }, (_, index) => from + index),
    )
    .where('company_number', '=', first.company_number)
    .where('key_number', 'in', [...idOf.keys()])
    .execute()
  return rows.map((row) => ({ keyId: idOf.get(row.key_number)!, day: row.day, counts: countsOf(row) }))
}
