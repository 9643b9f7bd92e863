import { sql } from 'kysely'
import type { Db } from './schema.ts'

/** Log rows kept: a process that has fallen further behind forgets everything instead. */
const LOG_ROWS_MAX = 10_000

/** Lets go of log rows that nobody asks for any more. */
export async function trimLog(db: Db): Promise<void> {
  await db
    .deleteFrom('log')
    .where('revision', '<=', sql<number>`(SELECT revision FROM head) - ${LOG_ROWS_MAX}`)
    .execute()
}
