import type { KeyId } from '@latchkey/core/ids'
import { sql } from 'kysely'
import { preparedRows } from '../prepared.ts'
import { keptAddress } from './erased.ts'
import type { Db } from './schema.ts'

export type Use = { readonly keyId: KeyId; readonly atMs: number; readonly address: string | null }

/** Notes the latest use of each key: an older one never overwrites a newer one. A key stands in the list once. */
export async function upsertUsage(db: Db, uses: readonly Use[]): Promise<void> {
  await upsertUses(db, uses)
}

const upsertUses = preparedRows((db, uses: readonly Use[]) =>
  db
    .insertInto('key_usage')
    .values(
      uses.map(({ keyId, atMs, address }) => ({
        key_id: keyId,
        last_used_at: atMs,
        last_address: keptAddress(address, sql`${keyId}`),
      })),
    )
    .onConflict((conflict) =>
      conflict
        .column('key_id')
        .doUpdateSet((row) => ({
          last_used_at: row.ref('excluded.last_used_at'),
          last_address: row.ref('excluded.last_address'),
        }))
        .whereRef('excluded.last_used_at', '>', 'key_usage.last_used_at'),
    ),
)
