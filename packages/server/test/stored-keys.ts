import { randomBytes } from 'node:crypto'
import { type CompanyId, type Id, nextId, type UserId } from '@latchkey/core/ids'
import type { Services } from '../src/services.ts'
import { findLedgerLocked, saveLedger } from '../src/storage/tables/ledger.ts'
import type { Db, Schema } from '../src/storage/tables/schema.ts'
import { findUser, saveKeyCounts } from '../src/storage/tables/users.ts'

type KeyRow = Schema['keys']

/** A statement is put together within the time that a store lets a write stand idle. */
const ROWS_MAX = 100

type StoredKeys = {
  readonly companyId: string
  readonly userId: string
  /** What differs from an active, unrestricted key; oldest first. */
  readonly keys: readonly Partial<KeyRow>[]
}

/**
 * Puts keys into the store in one write, without their secrets, and moves the counters as their creation
 * would have: for tests that need many. Answers their ids, oldest first.
 */
export async function insertStoredKeys(
  { engine, clock }: Pick<Services, 'engine' | 'clock'>,
  { companyId, userId, keys }: StoredKeys,
): Promise<string[]> {
  const blank = blankKey(companyId as CompanyId, userId as UserId, clock.nowMs())
  const prepared = keys.map((key) => ({ ...blank, fingerprint: randomBytes(32), ...key }))
  const { value } = await engine.write(async (db) => {
    const ledger = await findLedgerLocked(db, companyId as CompanyId)
    const user = await findUser(db, companyId as CompanyId, userId as UserId)
    if (ledger === undefined || user === undefined) throw new Error('no such company or user')
    const rows: KeyRow[] = []
    for (const key of prepared) {
      const id = nextId('key', { nowMs: clock.nowMs(), randomBytes, after: ledger.lastId as Id<string> })
      ledger.lastId = id
      rows.push({ ...key, id })
      if (rows.length % ROWS_MAX === 0) await insertRows(db, rows.slice(-ROWS_MAX))
    }
    await insertRows(db, rows.slice(rows.length - (rows.length % ROWS_MAX)))
    const active = rows.filter((row) => row.status === 'active').length
    ledger.keysActive += active
    ledger.keysInactive += rows.length - active
    await saveLedger(db, ledger)
    await saveKeyCounts(db, {
      ...user,
      keysActive: user.keysActive + active,
      keysInactive: user.keysInactive + rows.length - active,
    })
    return rows.map((row) => row.id)
  })
  return value
}

async function insertRows(db: Db, rows: readonly KeyRow[]): Promise<void> {
  if (rows.length > 0) await db.insertInto('keys').values(rows).execute()
}

function blankKey(companyId: CompanyId, userId: UserId, nowMs: number): Omit<KeyRow, 'id'> {
  return {
    company_id: companyId,
    user_id: userId,
    fingerprint: randomBytes(32),
    secret_generation: 1,
    prefix: 'lk_live_0000',
    last_four: '0000',
    secret_ordinal: 1,
    previous_tag: null,
    mode: 'live',
    whitelisted_ips: null,
    permissions: null,
    ceiling: null,
    description: null,
    metadata: '{}',
    rate_limits: null,
    quota: null,
    expires_at: null,
    is_enabled: 1,
    status: 'active',
    created_by: null,
    created_at: nowMs,
    updated_at: nowMs,
    deleted_at: null,
    imported_from: null,
    imported_at: null,
    version: 1,
  }
}
