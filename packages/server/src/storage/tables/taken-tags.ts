import { type Fingerprint, fingerprintBytes, fingerprintFromBytes } from '@latchkey/core/fingerprint'
import type { Db } from './schema.ts'

/** How many are asked for at once: parameters of one statement. */
const CHUNK_TAGS = 500

/** Those of the tags by which a key of any company is, or was, found: the text of a deleted key stays taken. */
export async function findTakenTags(db: Db, tags: readonly Fingerprint[]): Promise<Set<Fingerprint>> {
  const taken = new Set<Fingerprint>()
  for (let start = 0; start < tags.length; start += CHUNK_TAGS) {
    const chunk = tags.slice(start, start + CHUNK_TAGS).map(fingerprintBytes)
    const rows = await db
      .selectFrom('keys')
      .select('fingerprint as tag')
      .where('fingerprint', 'in', chunk)
      .unionAll(db.selectFrom('secrets').select('tag').where('tag', 'in', chunk))
      .execute()
    for (const { tag } of rows) taken.add(fingerprintFromBytes(tag))
  }
  return taken
}
