import type { CompanyId, KeyId, UserId } from '@latchkey/core/ids'
import { type RawBuilder, sql } from 'kysely'
import type { Db } from './schema.ts'

/** Who made a key, as far as the store still knows. */
export type KeyMaker = {
  readonly keyId: KeyId
  /** The key, session or user that vouched for it; null: a command on the server. */
  readonly credentialId: string | null
  readonly isImported: boolean
  /** Whose credential it was; null: nobody's, or not known any more. */
  readonly user: {
    readonly id: UserId
    readonly companyId: CompanyId
    /** Empty: deleted. */
    readonly name: string
  } | null
  /** Of the key that made it. */
  readonly description: string | null
  /** Whose key it is. */
  readonly owner: { readonly id: UserId; readonly name: string }
}

/**
 * Who made some keys of a company, and whose they are, in one statement. A session is forgotten when it is over, but not whose it was: the
 * first event after the id of a key is of the change that made it, since ids of a company rise. Where that was pruned
 * another credential stands there, and only keys and users are still known.
 */
export async function findMakersOfKeys(
  db: Db,
  companyId: CompanyId,
  keyIds: readonly KeyId[],
): Promise<KeyMaker[]> {
  if (keyIds.length === 0) return []
  const rows = await db
    .selectFrom('keys as k')
    .leftJoin('audit_events as e', (join) =>
      join
        .onRef('e.company_id', '=', 'k.company_id')
        .on('e.id', '=', ({ selectFrom }) =>
          selectFrom('audit_events as next')
            .select('next.id')
            .whereRef('next.company_id', '=', 'k.company_id')
            .where('next.id', '>', sameAgeAs('k.id'))
            .orderBy('next.id')
            .limit(1),
        ),
    )
    .leftJoin('keys as m', 'm.id', 'k.created_by')
    .leftJoin('sessions as s', 's.id', 'k.created_by')
    .leftJoin('users as u', (join) =>
      join.on(
        'u.id',
        '=',
        sql<UserId>`coalesce(CASE WHEN e.actor_id = k.created_by THEN e.actor_user_id END,
          m.user_id, s.user_id, k.created_by)`,
      ),
    )
    .innerJoin('users as o', 'o.id', 'k.user_id')
    .select(['k.id', 'k.created_by', 'k.imported_at', 'm.description'])
    .select(['u.id as user_id', 'u.company_id', 'u.name', 'o.id as owner_id', 'o.name as owner_name'])
    .where('k.company_id', '=', companyId)
    .where('k.id', 'in', keyIds)
    .execute()
  return rows.map(({ user_id, company_id, ...row }) => ({
    keyId: row.id,
    credentialId: row.created_by,
    isImported: row.imported_at !== null,
    user:
      user_id === null || company_id === null
        ? null
        : { id: user_id, companyId: company_id, name: row.name ?? '' },
    description: row.description,
    owner: { id: row.owner_id, name: row.owner_name },
  }))
}

/** The id that an event would have that was made in the same moment. */
const sameAgeAs = (id: string): RawBuilder<string> => sql<string>`'evt' || substr(${sql.ref(id)}, 4)`
