import { DatabaseSync } from 'node:sqlite'
import { dayOf, monthOf } from '@latchkey/core/calendar'
import { storeFileOf } from '@latchkey/server'
import { COUNT_COLUMNS } from '../packages/server/src/storage/tables/usage-counts.ts'
import { createRandom, shuffledIndexes } from './secrets.ts'
import type { BenchStore } from './stores.ts'
import {
  COMPANY,
  MONTH_DAYS,
  NETWORKS,
  PARTS,
  REFUSED_EVERY,
  USES_MAX,
  type UsageFilling,
  type UsageSize,
} from './usage-filling.ts'

const DAY_MS = 86_400_000
const UNSAFE = `PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;
  PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY`

/**
 * Fills the usage of a store that nobody has open, in the order in which the service writes: day after day, and within
 * a day the keys as they come.
 */
export function fillStoreUsage(
  { dataDir, companyId }: Pick<BenchStore, 'dataDir' | 'companyId'>,
  filling: UsageFilling,
): UsageSize {
  const database = new DatabaseSync(storeFileOf(dataDir))
  try {
    database.exec(UNSAFE)
    const keyIds = database
      .prepare('SELECT id FROM keys WHERE company_id = ? ORDER BY id LIMIT ?')
      .all(companyId, filling.keys)
      .map(({ id }) => String(id))
    const before = bytesIn(database)
    const nowMs = Date.now()
    database.prepare('INSERT INTO usage_companies (number, company_id) VALUES (?, ?)').run(COMPANY, companyId)
    fillKeys(database, keyIds, nowMs)
    fillDays(database, dayOf(nowMs) - filling.days + 1, filling)
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    const bytes = bytesIn(database) - before
    const parts = Object.fromEntries(PARTS.map((part) => [part, bytesOf(database, part)]))
    const monthOfDaysBytes = (parts.usage_days! * MONTH_DAYS) / filling.days
    sumMonth(database, dayOf(nowMs) - filling.days + 1)
    return { bytes, parts, monthBytes: bytesOf(database, 'usage_months'), monthOfDaysBytes, keyIds }
  } finally {
    database.close()
  }
}

function fillKeys(database: DatabaseSync, keyIds: readonly string[], nowMs: number): void {
  const random = createRandom()
  const key = database.prepare('INSERT INTO usage_keys VALUES (?, ?, ?, ?, ?, ?)')
  const network = database.prepare('INSERT INTO usage_networks VALUES (?, ?, ?, ?, ?, ?)')
  const use = database.prepare('INSERT INTO key_usage VALUES (?, ?, ?)')
  database.exec('BEGIN')
  // A key gets its number when it is first used, in no order.
  for (const [index, place] of shuffledIndexes(keyIds.length, keyIds.length).entries()) {
    const keyId = keyIds[place]!
    const atMs = nowMs - (random() % 10) * DAY_MS
    const isRefused = index % REFUSED_EVERY === 0
    const refused = isRefused ? [atMs, 'IP_NOT_ALLOWED', addressOf(random())] : [null, null, null]
    key.run(index + 1, keyId, COMPANY, ...refused)
    for (let count = 0; count < NETWORKS + (isRefused ? 1 : 0); count++) {
      const address = addressOf(random())
      network.run(index + 1, count < NETWORKS ? 1 : 0, address, address, atMs - DAY_MS, atMs)
    }
    use.run(keyId, atMs, addressOf(random()))
  }
  database.exec('COMMIT')
}

const addressOf = (number: number): string =>
  [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.')

function fillDays(
  database: DatabaseSync,
  first: number,
  { keys, usedDaily, days, onProgress }: UsageFilling,
) {
  const random = createRandom()
  const places = COUNT_COLUMNS.map((column) =>
    column === 'valid' || column === 'ip_not_allowed' ? '?' : '0',
  )
  const insert = database.prepare(`INSERT INTO usage_days VALUES (?, ?, ?, ${places.join(', ')})`)
  const numbers = Uint32Array.from({ length: keys }, (_, index) => index + 1)
  for (let day = first; day < first + days; day++) {
    database.exec('BEGIN')
    for (let drawn = 0; drawn < usedDaily; drawn++) {
      const other = drawn + (random() % (keys - drawn))
      const number = numbers[other]!
      numbers[other] = numbers[drawn]!
      numbers[drawn] = number
      const refusals = random() % REFUSED_EVERY === 0 ? 1 + (random() % 5) : 0
      insert.run(day, COMPANY, number, 1 + (random() % USES_MAX), refusals)
    }
    insert.run(day, COMPANY, 0, usedDaily * USES_MAX, usedDaily)
    database.exec('COMMIT')
    onProgress(day - first + 1)
  }
}

/** As `sumOldDays` does it, of the oldest days. */
function sumMonth(database: DatabaseSync, first: number): void {
  const columns = COUNT_COLUMNS.join(', ')
  const sums = COUNT_COLUMNS.map((column) => `${column} = ${column} + excluded.${column}`)
  const insert = database.prepare(
    `INSERT INTO usage_months SELECT ?, company_number, key_number, ${columns} FROM usage_days
     WHERE day = ? ORDER BY company_number, key_number
     ON CONFLICT (month, company_number, key_number) DO UPDATE SET ${sums.join(', ')}`,
  )
  for (let day = first; day < first + MONTH_DAYS; day++) insert.run(monthOf(first), day)
}

function bytesIn(database: DatabaseSync): number {
  const pages = database.prepare(
    'SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size',
  )
  return Number(pages.get()?.bytes)
}

/** A table with its indexes. */
function bytesOf(database: DatabaseSync, table: string): number {
  const pages = database.prepare(
    `SELECT sum(pgsize) AS bytes FROM dbstat WHERE aggregate = TRUE
     AND name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ?)`,
  )
  return Number(pages.get(table)?.bytes)
}
