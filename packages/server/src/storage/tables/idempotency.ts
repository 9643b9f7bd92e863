import { WriteConflict } from '../engine.ts'
import type { Db, IdempotencyRow } from './schema.ts'
import { SWEPT_ROWS } from './swept-rows.ts'

export async function findIdempotency(
  db: Db,
  hash: Uint8Array,
  nowMs: number,
): Promise<IdempotencyRow | undefined> {
  return db
    .selectFrom('idempotency')
    .selectAll()
    .where('hash', '=', hash)
    .where('expires_at', '>', nowMs)
    .executeTakeFirst()
}

/** Takes the place of an expired record. Throws WriteConflict when another transaction has just made a live one. */
export async function insertIdempotency(db: Db, row: IdempotencyRow, nowMs: number): Promise<void> {
  const inserted = await db
    .insertInto('idempotency')
    .values(row)
    .onConflict((conflict) =>
      conflict.column('hash').doUpdateSet(row).where('idempotency.expires_at', '<=', nowMs),
    )
    .returning('hash')
    .executeTakeFirst()
  if (inserted === undefined) throw new WriteConflict('an idempotency record was made meanwhile')
}

/** Answers whether there may be more. */
export async function deleteExpiredIdempotency(db: Db, nowMs: number): Promise<boolean> {
  const expired = db
    .selectFrom('idempotency')
    .select('hash')
    .where('expires_at', '<=', nowMs)
    .orderBy('expires_at')
    .limit(SWEPT_ROWS)
  const gone = await db
    .deleteFrom('idempotency')
    .where('hash', 'in', expired)
    .returning('expires_at')
    .execute()
  return gone.length === SWEPT_ROWS
}
