import type { KeyId } from '@latchkey/core/ids'
import { sql } from 'kysely'
import type { Db } from './schema.ts'

/*
 * A key's current secret stands in the row of the key. A secret that was replaced or cancelled has a row of its own,
 * whoever presents it has proven possession, and is told what became of it. Of very many the oldest go.
 */

/** Rows of one key, about 200 bytes each: a key may be rotated for ever, and every hour for four days is remembered. */
const SECRETS_KEPT_MAX = 100

/** What a key gets as its secret. */
export type NewSecret = {
  readonly tag: Uint8Array
  readonly prefix: string
  readonly lastFour: string
}

/** Gives a key a new secret; the one it had lives until `endsAtMs`. Answers the ordinal of the new one. */
export async function replaceSecret(
  db: Db,
  id: KeyId,
  secret: NewSecret,
  { nowMs, endsAtMs }: { readonly nowMs: number; readonly endsAtMs: number },
): Promise<number> {
  const ordinal = await nextOrdinal(db, id)
  await forgetOldest(db, id, ordinal)
  await keepCurrent(db, id, { nowMs, endsAtMs })
  await db
    .updateTable('keys')
    .set({
      previous_tag: endsAtMs > nowMs ? sql`fingerprint` : null,
      fingerprint: secret.tag,
      secret_ordinal: ordinal,
      prefix: secret.prefix,
      last_four: secret.lastFour,
    })
    .where('id', '=', id)
    .execute()
  return ordinal
}

/** Makes the previous secret the current one again; the one in its place ends now. */
export async function restoreSecret(db: Db, id: KeyId, nowMs: number): Promise<void> {
  const previous = await db
    .selectFrom('secrets')
    .innerJoin('keys', 'keys.previous_tag', 'secrets.tag')
    .selectAll('secrets')
    .where('keys.id', '=', id)
    .executeTakeFirstOrThrow()
  await keepCurrent(db, id, { nowMs, endsAtMs: nowMs })
  await db.deleteFrom('secrets').where('tag', '=', previous.tag).execute()
  await db
    .updateTable('keys')
    .set({
      previous_tag: null,
      fingerprint: previous.tag,
      secret_ordinal: previous.ordinal,
      prefix: previous.prefix,
      last_four: previous.last_four,
    })
    .where('id', '=', id)
    .execute()
}

/**
 * Ends the secret that a key had before. The key names it no more: it is over on a server whose clock is behind, too.
 */
export async function endPrevious(db: Db, id: KeyId, nowMs: number): Promise<void> {
  await movePreviousEnd(db, id, nowMs)
  await db.updateTable('keys').set({ previous_tag: null }).where('id', '=', id).execute()
}

/** Moves the end of the secret that a key had before. */
export async function movePreviousEnd(db: Db, id: KeyId, endsAtMs: number): Promise<void> {
  await db
    .updateTable('secrets')
    .set({ ends_at: endsAtMs })
    .where('tag', '=', (query) => query.selectFrom('keys').select('previous_tag').where('id', '=', id))
    .execute()
}

/** The same, where it would be later. */
export async function capPreviousEnd(db: Db, id: KeyId, endsAtMs: number): Promise<void> {
  await db
    .updateTable('secrets')
    .set({ ends_at: endsAtMs })
    .where('tag', '=', (query) => query.selectFrom('keys').select('previous_tag').where('id', '=', id))
    .where('ends_at', '>', endsAtMs)
    .execute()
}

/** Ordinal of the newest secret that is not the key's: above that of the key's own, it was cancelled. */
export async function findLatestReplaced(db: Db, id: KeyId): Promise<number | undefined> {
  const row = await db
    .selectFrom('secrets')
    .select('ordinal')
    .where('key_id', '=', id)
    .orderBy('ordinal', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.ordinal
}

async function keepCurrent(
  db: Db,
  id: KeyId,
  { nowMs, endsAtMs }: { readonly nowMs: number; readonly endsAtMs: number },
): Promise<void> {
  const current = await db
    .selectFrom('keys')
    .select(['fingerprint as tag', 'id as key_id', 'secret_ordinal as ordinal', 'prefix', 'last_four'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  await db
    .insertInto('secrets')
    .values({
      ...current,
      replaced_at: nowMs,
      ends_at: endsAtMs,
      last_used_at: null,
      last_address: null,
      successor_used_at: null,
    })
    .execute()
}

/**
 * Before the current one joins them: after many cancellations it may be the oldest of all, and it lives on. The greatest
 * ordinal is never among those that go, so that none is given twice.
 */
async function forgetOldest(db: Db, id: KeyId, ordinal: number): Promise<void> {
  await db
    .deleteFrom('secrets')
    .where('key_id', '=', id)
    .where('ordinal', '<', ordinal - SECRETS_KEPT_MAX)
    .execute()
}

/** A cancelled secret has an ordinal too: no token of it may pass for one of its successor. */
async function nextOrdinal(db: Db, id: KeyId): Promise<number> {
  const { rows } = await sql<{ latest: number }>`SELECT max(ordinal) AS latest FROM
    (SELECT secret_ordinal AS ordinal FROM keys WHERE id = ${id}
      UNION ALL SELECT ordinal FROM secrets WHERE key_id = ${id}) AS all_of_key`.execute(db)
  return Number(rows[0]!.latest) + 1
}
