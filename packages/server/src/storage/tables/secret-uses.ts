import { fingerprintBytes } from '@latchkey/core/fingerprint'
import { sql } from 'kysely'
import { prepared } from '../prepared.ts'
import { keptAddress } from './erased.ts'
import type { Db } from './schema.ts'

export type NotedSecretUse = {
  readonly tag: string
  readonly usedAtMs: number | null
  readonly address: string | null
  readonly successorUsedAtMs: number | null
}

/** Notes the latest use of each replaced secret, and the first of what took its place. */
export async function noteSecretUses(db: Db, uses: readonly NotedSecretUse[]): Promise<void> {
  for (const { tag, usedAtMs, address, successorUsedAtMs } of uses) {
    const bytes = fingerprintBytes(tag)
    if (usedAtMs !== null) await usedAt(db, { tag: bytes, usedAtMs, address })
    if (successorUsedAtMs !== null) await successorUsedAt(db, { tag: bytes, successorUsedAtMs })
  }
}

const usedAt = prepared(
  (db, { tag, usedAtMs, address }: { tag: Uint8Array; usedAtMs: number; address: string | null }) =>
    db
      .updateTable('secrets')
      .set({ last_used_at: usedAtMs, last_address: keptAddress(sql`${address}`, sql.ref('secrets.key_id')) })
      .where('tag', '=', tag)
      .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', usedAtMs)])),
)

const successorUsedAt = prepared(
  (db, { tag, successorUsedAtMs }: { tag: Uint8Array; successorUsedAtMs: number }) =>
    db
      .updateTable('secrets')
      .set({ successor_used_at: successorUsedAtMs })
      .where('tag', '=', tag)
      // Another server may have seen it earlier, and write later.
      .where((where) =>
        where.or([
          where('successor_used_at', 'is', null),
          where('successor_used_at', '>', successorUsedAtMs),
        ]),
      ),
)
