import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { StoreError } from '../engine.ts'
import { KEY_BEGINS, type KeyBegin } from '../key-begins.ts'
import { APPLICATION_ID } from '../migrations/sqlite.ts'
import { USAGE_EXTENT, type UsageExtent } from '../usage-extent.ts'

/** Mismatches named one by one; the first tells most of the story. */
const MISMATCHES_MAX = 20

/** There is a log that was not read in, and not the index by which whoever only reads finds its way in it. */
export class NoLogIndexError extends StoreError {
  constructor() {
    super('its write-ahead log has no index beside it (-shm), as after a copy')
  }
}

/**
 * Opens a store to look at it, and makes nothing beside it: without a log SQLite would create one, even for
 * reading, and a log that belongs to whoever looks can lock out the service. Throws NoLogIndexError.
 */
export function openForInspection(file: string, isShared = isOpenElsewhere(file)): DatabaseSync {
  const url = pathToFileURL(resolve(file))
  if (!isShared) {
    const logBytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
    if (logBytes > 0) throw new NoLogIndexError()
    url.search = '?immutable=1'
  }
  return new DatabaseSync(url, { readOnly: true })
}

/** Whether a process has the store open, or ended without closing it. */
export function isOpenElsewhere(file: string): boolean {
  return existsSync(`${file}-wal`) && existsSync(`${file}-shm`)
}

/** How the file is kept, and whether it is one of ours. */
export type StoreFormat = {
  readonly sqliteVersion: string
  readonly isOurs: boolean
  /** This SQLite waits for the disk when asked to, as the service asks at each start. */
  readonly isSynchronous: boolean
}

export function readFormat(database: DatabaseSync): StoreFormat {
  const { version } = database.prepare('SELECT sqlite_version() AS version').get() as { version: string }
  const { application_id: id } = database.prepare('PRAGMA application_id').get() as { application_id: number }
  database.exec('PRAGMA synchronous = FULL')
  const { synchronous } = database.prepare('PRAGMA synchronous').get() as { synchronous: number }
  return { sqliteVersion: version, isOurs: id === APPLICATION_ID, isSynchronous: synchronous === 2 }
}

/** undefined: the store was made and never started. */
export function findSecretCheck(database: DatabaseSync): Uint8Array | undefined {
  const row = database.prepare('SELECT secret_check FROM deployment').get()
  return row?.secret_check as Uint8Array | undefined
}

const NEWEST = `
SELECT max(at) AS newest FROM (
  SELECT created_at AS at FROM deployment
  UNION ALL SELECT max(updated_at) FROM companies
  UNION ALL SELECT max(e.at) FROM companies c JOIN audit_events e
    ON e.company_id = c.id AND e.sequence = c.audit_count
  UNION ALL SELECT max(last_used_at) FROM key_usage)`

/** false: restored, and not accepted by the operator. */
export function isAccepted(database: DatabaseSync): boolean {
  return database.prepare('SELECT is_accepted FROM head').get()?.is_accepted === 1
}

/** The newest moment the store knows of, milliseconds since the epoch. */
export function findNewestMs(database: DatabaseSync): number | undefined {
  const row = database.prepare(NEWEST).get() as { newest: number | null }
  return row.newest ?? undefined
}

export function findKeyBegins(database: DatabaseSync): readonly KeyBegin[] {
  return database.prepare(KEY_BEGINS).all() as KeyBegin[]
}

export function findUsageExtent(database: DatabaseSync): UsageExtent {
  return database.prepare(USAGE_EXTENT).get() as UsageExtent
}

const countKeys = (owner: string, status: string) =>
  `(SELECT count(*) FROM keys k WHERE ${owner} AND k.status = '${status}')`
const OF_COMPANY = 'k.company_id = o.id'
const OF_USER = 'k.company_id = o.company_id AND k.user_id = o.id'

/** Each counter beside the rows it counts. */
const COUNTERS = [
  ['companies', 'keys_active', countKeys(OF_COMPANY, 'active')],
  ['companies', 'keys_inactive', countKeys(OF_COMPANY, 'inactive')],
  [
    'companies',
    'users_count',
    '(SELECT count(*) FROM users u WHERE u.company_id = o.id AND u.deleted_at IS NULL)',
  ],
  [
    'companies',
    'audit_count',
    '(SELECT count(*) + o.audit_cut FROM audit_events e WHERE e.company_id = o.id)',
  ],
  ['users', 'keys_active', countKeys(OF_USER, 'active')],
  ['users', 'keys_inactive', countKeys(OF_USER, 'inactive')],
  ['deployment', 'companies_count', '(SELECT count(*) FROM companies)'],
] as const

/** Counters that differ from the rows they count, in words. */
export function findWrongCounters(database: DatabaseSync): string[] {
  database.exec('BEGIN')
  try {
    return COUNTERS.flatMap(([table, column, rows]) =>
      database
        .prepare(
          `SELECT id, noted, counted FROM (SELECT o.id AS id, o.${column} AS noted, ${rows} AS counted FROM ${table} o)
           WHERE noted <> counted LIMIT ${MISMATCHES_MAX}`,
        )
        .all()
        .map(({ id, noted, counted }) => `${table} ${id}: ${column} is ${noted}, rows ${counted}`),
    )
  } finally {
    database.exec('COMMIT')
  }
}
