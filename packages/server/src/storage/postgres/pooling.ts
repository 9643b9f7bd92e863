import type pg from 'pg'
import { StoreError } from '../engine.ts'

/** Enough to see a shared process even while other clients of the pooler come in between. */
const ROUNDS = 5

const SHARED =
  'DATABASE_URL leads to a pooler in transaction mode, where the service would lose its prepared statements, its ' +
  'settings and its notifications. Let it have sessions (PgBouncer: pool_mode=session for this database; Supabase: ' +
  'port 5432 of the same host; Neon: the host without -pooler), or connect without the pooler: the service keeps ' +
  'connections of its own.'

/**
 * Looks, over two connections to a pooler, which processes of the database they are in. Where a process is lent for
 * a transaction at a time the two meet in one, or one of them finds itself moved. Says nothing about the sessions, so
 * that nobody who shares them is disturbed. Each question waits for `msMax`. Throws StoreError.
 */
export async function assertSessions(
  first: pg.ClientBase,
  second: pg.ClientBase,
  msMax: number,
): Promise<void> {
  const pidOf = async (client: pg.ClientBase) => {
    const question = { text: 'SELECT pg_backend_pid() AS pid', query_timeout: msMax }
    return (await client.query<{ pid: number }>(question)).rows[0]?.pid
  }
  const firstPid = await pidOf(first)
  const secondPid = await pidOf(second)
  if (firstPid === secondPid) throw new StoreError(SHARED)
  for (let round = 0; round < ROUNDS; round++) {
    // What holds one process has the other connection take another one, where processes are shared.
    await second.query('BEGIN').catch(refuseStatements)
    const held = await pidOf(second)
    const other = await pidOf(first)
    await second.query('ROLLBACK')
    if (held === other || held !== secondPid || other !== firstPid) throw new StoreError(SHARED)
  }
}

/** Where each statement may be in another process there are no transactions to begin. */
function refuseStatements(error: unknown): never {
  throw error instanceof Error && /statement pooling/i.test(error.message) ? new StoreError(SHARED) : error
}
