import type { KeyId } from '@latchkey/core/ids'
import { prepared } from '../prepared.ts'
import type { Db } from './schema.ts'

export type Use = { readonly keyId: KeyId; readonly atMs: number; readonly address: string | null }

/** Rows in one statement, most first: each number has a text of its own, so there are few numbers. */
const STATEMENT_ROWS = [500, 100, 20, 5, 1]

/** Notes the latest use of each key: an older one never overwrites a newer one. */
export async function upsertUsage(db: Db, uses: readonly Use[]): Promise<void> {
  let start = 0
  for (const [index, rows] of STATEMENT_ROWS.entries()) {
    for (; uses.length - start >= rows; start += rows) {
      await UPSERTS[index]!(db, valuesOf(uses.slice(start, start + rows)))
    }
  }
}

const UPSERTS = STATEMENT_ROWS.map((rows) =>
  prepared((db, values: Record<string, string | number | null>) =>
    db
      .insertInto('key_usage')
      .values(
        Array.from({ length: rows }, (_, row) => ({
          key_id: values[`key${row}`] as KeyId,
          last_used_at: values[`at${row}`] as number,
          last_address: values[`address${row}`] as string | null,
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
  ),
)

function valuesOf(uses: readonly Use[]): Record<string, string | number | null> {
  const values: Record<string, string | number | null> = {}
  for (const [row, { keyId, atMs, address }] of uses.entries()) {
    values[`key${row}`] = keyId
    values[`at${row}`] = atMs
    values[`address${row}`] = address
  }
  return values
}
