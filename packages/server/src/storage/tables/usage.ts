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
    .columns(['key_id', 'last_used_at', 'last_address'])
    .expression(sql`SELECT ${COLUMNS} FROM (VALUES ${sql.join(uses.map(valuesOf))}) AS used WHERE true`)
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

const valuesOf = ({ keyId, atMs, address }: Use) => sql`(${keyId}, ${atMs}, ${address})`

/** Asked in one place for all rows: with as many questions as rows PostgreSQL planned each of them, each time. */
const COLUMNS = sql`column1, CAST(column2 AS BIGINT), ${keptAddress(sql`column3`, sql`column1`)}`
