import { WriteConflict } from '../engine.ts'
import type { Db, IdempotencyRow } from './schema.ts'

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

export async function deleteExpiredIdempotency(db: Db, nowMs: number): Promise<void> {
  await db.deleteFrom('idempotency').where('expires_at', '<=', nowMs).execute()
}
