import type { KeyId } from '@latchkey/core/ids'
import type { Db } from './schema.ts'

export type Use = { readonly keyId: KeyId; readonly atMs: number; readonly address: string | null }

/** Notes the latest use of each key: an older one never overwrites a newer one. */
export async function upsertUsage(db: Db, uses: readonly Use[]): Promise<void> {
  if (uses.length === 0) return
  await db
    .insertInto('key_usage')
    .values(uses.map((use) => ({ key_id: use.keyId, last_used_at: use.atMs, last_address: use.address })))
    .onConflict((conflict) =>
      conflict
        .column('key_id')
        .doUpdateSet((row) => ({
          last_used_at: row.ref('excluded.last_used_at'),
          last_address: row.ref('excluded.last_address'),
        }))
        .whereRef('excluded.last_used_at', '>', 'key_usage.last_used_at'),
    )
    .execute()
}
