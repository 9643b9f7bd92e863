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

export async function insertIdempotency(db: Db, row: IdempotencyRow): Promise<void> {
  await db
    .insertInto('idempotency')
    .values(row)
    // Only an expired record can be in the way: a live one was found before.
    .onConflict((conflict) => conflict.column('hash').doUpdateSet(row))
    .execute()
}

export async function deleteExpiredIdempotency(db: Db, nowMs: number): Promise<void> {
  await db.deleteFrom('idempotency').where('expires_at', '<=', nowMs).execute()
}
