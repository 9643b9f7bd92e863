import type { Db } from './schema.ts'

/** Imported and disabled ones may be among them; a start is not to read all keys. */
const LOOKED_AT_MAX = 100

/** How the newest active key begins that was made here (`lk_live_`); undefined: none of the newest keys is one. */
export async function findNewestBegin(db: Db): Promise<string | undefined> {
  const newest = await db
    .selectFrom('keys')
    .select(['prefix', 'status', 'imported_from'])
    .orderBy('id', 'desc')
    .limit(LOOKED_AT_MAX)
    .execute()
  return newest
    .find(({ status, imported_from }) => status === 'active' && imported_from === null)
    ?.prefix.slice(0, -4)
}
