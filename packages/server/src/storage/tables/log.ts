import { sql } from 'kysely'
import type { Db } from './schema.ts'
import { SWEPT_ROWS } from './swept-rows.ts'

/** Log rows kept: a process that has fallen further behind is told of none, and forgets everything instead. */
export const LOG_ROWS_MAX = 10_000

/** Lets go of log rows that nobody asks for any more, the oldest first. Answers whether there may be more. */
export async function trimLog(db: Db): Promise<boolean> {
  const old = db
    .selectFrom('log')
    .select('revision')
    .where('revision', '<=', sql<number>`(SELECT revision FROM head) - ${LOG_ROWS_MAX}`)
    .orderBy('revision')
    .limit(SWEPT_ROWS)
  const gone = await db.deleteFrom('log').where('revision', 'in', old).returning('revision').execute()
  return gone.length === SWEPT_ROWS
}
