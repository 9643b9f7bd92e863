import { type Fingerprint, fingerprintFromBytes } from '@latchkey/core/fingerprint'
import type { KeyId } from '@latchkey/core/ids'
import type { Db } from './schema.ts'

/** The tags of texts that were imported, of a piece of all keys. `next`: after which id to go on; undefined: nowhere. */
export type ImportedTagsPiece = { readonly tags: readonly Fingerprint[]; readonly next: KeyId | undefined }

/**
 * Reads the next `rows` keys in the order of ids. A key's first secret is the imported one, and moves to a row of its own
 * and back when the key is rotated: in one snapshot it is always in one of both places.
 */
export async function listImportedTags(
  db: Db,
  after: KeyId | undefined,
  rows: number,
): Promise<ImportedTagsPiece> {
  const start = after ?? ('' as KeyId)
  const last = await db
    .selectFrom('keys')
    .select('id')
    .where('id', '>', start)
    .orderBy('id')
    .offset(rows - 1)
    .limit(1)
    .executeTakeFirst()
  const imported = db
    .selectFrom('keys')
    .leftJoin('secrets', (join) => join.onRef('secrets.key_id', '=', 'keys.id').on('secrets.ordinal', '=', 1))
    .select(['keys.fingerprint as current', 'secrets.tag as replaced'])
    .where('keys.id', '>', start)
    .where('keys.imported_from', 'is not', null)
  const found = await (last === undefined ? imported : imported.where('keys.id', '<=', last.id)).execute()
  return {
    tags: found.map(({ current, replaced }) => fingerprintFromBytes(replaced ?? current)),
    next: last?.id,
  }
}
