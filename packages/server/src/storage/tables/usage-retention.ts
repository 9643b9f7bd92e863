import { type Day, monthOf } from '@latchkey/core/calendar'
import type { Db } from './schema.ts'
import { SWEPT_ROWS } from './swept-rows.ts'
import { sumsOf } from './usage-report.ts'

/** Rows in one write, so that others get their turn. */
const BATCH_ROWS = 200

/**
 * Adds the oldest days before `keptFrom` to their months and takes them away. Answers whether there may be more: one
 * call does as much as one write should. `pause`: after each row, so that others have their turn.
 */
export async function sumOldDays(
  db: Db,
  keptFrom: Day,
  pause: () => Promise<void> = async () => {},
): Promise<boolean> {
  const rows = await db
    .selectFrom('usage_days')
    .selectAll()
    .where('day', '<', keptFrom)
    .orderBy('day')
    .orderBy('company_number')
    .orderBy('key_number')
    .limit(BATCH_ROWS)
    .forUpdate()
    .execute()
  for (const { day, ...row } of rows) {
    await db
      .insertInto('usage_months')
      .values({ ...row, month: monthOf(day) })
      .onConflict((conflict) =>
        conflict.columns(['month', 'company_number', 'key_number']).doUpdateSet(sumsOf('usage_months')),
      )
      .execute()
    await db
      .deleteFrom('usage_days')
      .where('day', '=', day)
      .where('company_number', '=', row.company_number)
      .where('key_number', '=', row.key_number)
      .execute()
    await pause()
  }
  return rows.length === BATCH_ROWS
}

/** What a report was called is of no use once nobody sends it again. Answers whether there may be more. */
export async function deleteOldReports(db: Db, beforeMs: number): Promise<boolean> {
  const old = db
    .selectFrom('usage_reports')
    .select('id')
    .where('at', '<', beforeMs)
    .orderBy('at')
    .limit(SWEPT_ROWS)
  const gone = await db.deleteFrom('usage_reports').where('id', 'in', old).returning('at').execute()
  return gone.length === SWEPT_ROWS
}
