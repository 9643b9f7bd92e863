import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { type createFingerprinter, fingerprintBytes } from '@latchkey/core/fingerprint'
import { hintOf } from '@latchkey/core/hint'
import { type CompanyId, type KeyId, nextId, type UserId } from '@latchkey/core/ids'
import type { Schema } from '../packages/server/src/storage/tables/schema.ts'
import { secretAt } from './secrets.ts'

/** Every tenth key is disabled, so that a list of active ones has something to leave out. */
const INACTIVE_EVERY = 10
export const isInactive = (index: number): boolean => index % INACTIVE_EVERY === INACTIVE_EVERY - 1

const ALLOWLIST = JSON.stringify(['192.0.2.7', '10.0.0.0/8', '2001:db8::/32'])
const COMMIT_EVERY = 200_000

export type Filling = {
  readonly companyId: string
  readonly userId: string
  readonly keys: number
  readonly fingerprint: ReturnType<typeof createFingerprinter>
}

export type KeyRow = ReturnType<typeof rowOf>

type Fill = Filling & {
  readonly file: string
  readonly onProgress: (done: number) => void
}

/**
 * Puts keys into a store that nobody has open, as their creation would have, but for the audit events: rows
 * first, indexes after, nothing durable before the end. Minutes become seconds.
 */
export function fillStore(fill: Fill): void {
  const database = new DatabaseSync(fill.file)
  try {
    database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -1500000; PRAGMA temp_store = MEMORY')
    const indexes = database
      .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'keys' AND sql <> ''")
      .all()
    for (const { name } of indexes) database.exec(`DROP INDEX ${name}`)
    const lastId = insertKeys(database, fill)
    for (const { sql } of indexes) database.exec(String(sql))
    moveCounters(database, fill, lastId)
    database.exec('PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
}

/** The rows, oldest first. */
export function* keyRows(filling: Filling): Generator<KeyRow> {
  const nowMs = Date.now()
  const first = nextId('key', { nowMs, randomBytes: (length) => new Uint8Array(length) })
  for (let index = 0; index < filling.keys; index++) yield rowOf(filling, index, idAt(first, index), nowMs)
}

function insertKeys(database: DatabaseSync, fill: Fill): KeyId {
  let insert: StatementSync | undefined
  let lastId = '' as KeyId
  let done = 0
  database.exec('BEGIN')
  for (const row of keyRows(fill)) {
    insert ??= prepareInsert(database, Object.keys(row))
    insert.run(...Object.values(row))
    lastId = row.id
    done += 1
    if (done % COMMIT_EVERY === 0) {
      database.exec('COMMIT')
      database.exec('BEGIN')
      fill.onProgress(done)
    }
  }
  database.exec('COMMIT')
  return lastId
}

function prepareInsert(database: DatabaseSync, columns: readonly string[]): StatementSync {
  const places = columns.map(() => '?').join(', ')
  return database.prepare(`INSERT INTO keys (${columns.join(', ')}) VALUES (${places})`)
}

function rowOf({ companyId, userId, fingerprint }: Filling, index: number, id: KeyId, nowMs: number) {
  const secret = secretAt(index)
  const { prefix, lastFour } = hintOf(secret)
  return {
    id,
    company_id: companyId as CompanyId,
    user_id: userId as UserId,
    fingerprint: fingerprintBytes(fingerprint(secret)),
    secret_generation: 1,
    prefix,
    last_four: lastFour,
    secret_ordinal: 1,
    previous_tag: null,
    mode: 'live',
    whitelisted_ips: ALLOWLIST,
    permissions: null,
    ceiling: null,
    description: `Key number ${index}`,
    metadata: '{"team":"checkout"}',
    rate_limits: null,
    quota: null,
    expires_at: null,
    is_enabled: isInactive(index) ? 0 : 1,
    status: isInactive(index) ? 'inactive' : 'active',
    created_by: null,
    created_at: nowMs,
    updated_at: nowMs,
    deleted_at: null,
    imported_from: null,
    imported_at: null,
    version: 1,
  } satisfies Schema['keys']
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
/** 32^6: a thousand million ids in one millisecond. */
const COUNTER_LENGTH = 6

/** The id `index` places after the first: its last characters counted up, which keeps ids in order. */
function idAt(first: KeyId, index: number): KeyId {
  let rest = index
  let counter = ''
  for (let place = 0; place < COUNTER_LENGTH; place++) {
    counter = ALPHABET[rest % 32] + counter
    rest = Math.floor(rest / 32)
  }
  return `${first.slice(0, -COUNTER_LENGTH)}${counter}` as KeyId
}

function moveCounters(database: DatabaseSync, { companyId, userId }: Fill, lastId: KeyId): void {
  const count = database.prepare('SELECT count(*) AS keys FROM keys WHERE company_id = ? AND status = ?')
  const active = Number(count.get(companyId, 'active')?.keys)
  const inactive = Number(count.get(companyId, 'inactive')?.keys)
  const counters = 'keys_active = ?, keys_inactive = ?'
  database
    .prepare(`UPDATE companies SET ${counters}, last_id = ? WHERE id = ?`)
    .run(active, inactive, lastId, companyId)
  database.prepare(`UPDATE users SET ${counters} WHERE id = ?`).run(active, inactive, userId)
}
