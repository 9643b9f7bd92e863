import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { storeFileOf } from '../src/open-store.ts'
import type { TestService } from './harness.ts'

/** Who holds what every change of a company needs, from outside of the service. */
export type HeldRows = {
  /** Answers when so many changes wait, as far as the store can tell. */
  untilWaiting(count: number): Promise<void>
  release(): Promise<void>
}

/** Lets no change of a company begin: on SQLite none at all. They go on in the order in which they came. */
export function holdCompanyRow(
  { databaseUrl, dataDir }: Pick<TestService, 'databaseUrl' | 'dataDir'>,
  companyId: string,
): Promise<HeldRows> {
  return databaseUrl === undefined ? holdFile(storeFileOf(dataDir)) : holdRow(databaseUrl, companyId)
}

/** What else a request waits for, besides the row of its company. */
export type HeldTable = { release(): Promise<void> }

/** Lets nobody write into a table, or lock a row of it. On SQLite whoever holds the row of a company holds this, too. */
export async function holdTable(
  { databaseUrl }: Pick<TestService, 'databaseUrl'>,
  table: string,
): Promise<HeldTable> {
  if (databaseUrl === undefined) return { release: async () => {} }
  const client = new pg.Client(databaseUrl)
  await client.connect()
  await client.query('BEGIN')
  await client.query(`LOCK TABLE ${table} IN EXCLUSIVE MODE`)
  return {
    async release() {
      await client.query('ROLLBACK')
      await client.end()
    },
  }
}

/** Turns of the event loop in which whoever is going to write has asked for it. */
const TURNS = 20

async function holdFile(file: string): Promise<HeldRows> {
  const database = new DatabaseSync(file)
  database.exec('BEGIN IMMEDIATE')
  return {
    async untilWaiting() {
      for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    },
    async release() {
      database.exec('ROLLBACK')
      database.close()
    },
  }
}

async function holdRow(url: string, companyId: string): Promise<HeldRows> {
  const client = new pg.Client(url)
  // Apart: within a transaction the statistics are those of its first look.
  const onlooker = new pg.Client(url)
  await Promise.all([client.connect(), onlooker.connect()])
  await client.query('BEGIN')
  await client.query('SELECT id FROM companies WHERE id = $1 FOR UPDATE', [companyId])
  const waiting = `SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`
  return {
    async untilWaiting(count) {
      for (;;) {
        const { rows } = await onlooker.query<{ count: number }>(waiting)
        if (rows[0]!.count >= count) return
      }
    },
    async release() {
      await client.query('ROLLBACK')
      await Promise.all([client.end(), onlooker.end()])
    },
  }
}
