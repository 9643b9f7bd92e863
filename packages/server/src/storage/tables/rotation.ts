import { prepared } from '../prepared.ts'
import type { Db } from './schema.ts'

/** A secret of a key was replaced by another. */
export type Rotation = {
  readonly startedAtMs: number
  readonly previousEndsAtMs: number
  readonly previousPrefix: string
  readonly previousLastFour: string
  /** null: not yet, as with the next two. */
  readonly newFirstUsedAtMs: number | null
  readonly previousLastUsedAtMs: number | null
  readonly previousLastAddress: string | null
}

const replaced = prepared((db, { tag }: { tag: Uint8Array }) =>
  db.selectFrom('secrets').selectAll().where('tag', '=', tag),
)

/** By the tag of the secret that a key had before. Most keys never had another, which costs nothing. */
export async function findRotation(db: Db, previousTag: Uint8Array | null): Promise<Rotation | null> {
  if (previousTag === null) return null
  const [row] = await replaced(db, { tag: previousTag })
  if (row === undefined) return null
  return {
    startedAtMs: row.replaced_at,
    previousEndsAtMs: row.ends_at,
    previousPrefix: row.prefix,
    previousLastFour: row.last_four,
    newFirstUsedAtMs: row.successor_used_at,
    previousLastUsedAtMs: row.last_used_at,
    previousLastAddress: row.last_address,
  }
}
