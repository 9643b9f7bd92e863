import { sql } from 'kysely'
import type { Revocation, Revoked } from '../engine.ts'
import { NOT_ACCEPTED, NotAcceptedError } from '../not-accepted.ts'
import { prepared } from '../prepared.ts'
import type { Db } from '../tables/schema.ts'
import type { Leaseholder } from './lease.ts'

/** The head as a change left it, and who may answer from before. */
export type MovedHead = Revocation & { readonly leaseholder: Leaseholder }

/**
 * Moves the head and notes what changed. The last statements of a transaction: the head's row is locked
 * until the commit, so that the order of revisions is the order of commits.
 */
export async function appendRevision(db: Db, changed: Revoked): Promise<MovedHead> {
  const moving = sql<MovedHead>`UPDATE head SET revision = revision + 1 RETURNING revision, epoch, leaseholder`
  const moved = (await moving.execute(db)).rows[0]!
  const { revision } = moved
  const { scope, id, companyId = null } = changed
  await db.insertInto('log').values({ revision, scope, object_id: id, company_id: companyId }).execute()
  return moved
}

/** Begins a new epoch in a restored store. */
export async function acceptHead(db: Db): Promise<void> {
  await sql`UPDATE head SET epoch = lower(hex(randomblob(16))), revision = revision + 1, is_accepted = 1`.execute(
    db,
  )
  await db.deleteFrom('log').execute()
  await db.deleteFrom('servers').execute()
}

const accepted = prepared((db, _none: Record<string, never>) => ({
  compile: () => sql<{ is_accepted: 0 | 1 }>`SELECT is_accepted FROM head`.compile(db),
}))

/** Throws NotAcceptedError. */
export async function assertAccepted(db: Db): Promise<void> {
  const [head] = await accepted(db, {})
  if (head?.is_accepted !== 1) throw new NotAcceptedError(NOT_ACCEPTED)
}
