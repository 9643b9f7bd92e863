import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '@latchkey/core/error'
import type { Pool } from './pool.ts'

/** Between two looks: most writes take a few milliseconds. */
const PAUSE_MS = 10
/** As long as a statement may take. */
const WAIT_MS_MAX = 10_000

/** A transaction has this lock from before its first statement on a table sees anything until it is over. */
const WRITING = `SELECT DISTINCT l.virtualtransaction AS name FROM pg_locks l
  WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.relation = ANY ($1::regclass[])`

/** Resolves when each write to one of the tables that is under way now is over. Throws AppError `unavailable`. */
export async function untilWritten(
  pool: Pick<Pool, 'lendForReading'>,
  tables: readonly string[],
): Promise<void> {
  const find = () =>
    pool.lendForReading(async (client) => {
      const { rows } = await client.query<{ name: string }>(WRITING, [tables])
      return new Set(rows.map(({ name }) => name))
    })
  const deadlineMs = performance.now() + WAIT_MS_MAX
  for (let left = await find(); left.size > 0; left = left.intersection(await find())) {
    if (performance.now() > deadlineMs) {
      throw new AppError(
        'unavailable',
        'The change is stored, but one that began before it does not end: repeat the request.',
        { retryAfterSeconds: 1 },
      )
    }
    await sleep(PAUSE_MS)
  }
}
