import type pg from 'pg'
import { StoreError } from '../engine.ts'

const RIGHT = `SELECT has_table_privilege('audit_events', 'DELETE') AS "mayPrune"`

/** Throws StoreError when the role may take no audit events away: the page about fleets tells how to have one that may not. */
export async function assertMayPruneIn(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ mayPrune: boolean }>(RIGHT)
  if (rows[0]?.mayPrune === true) return
  throw new StoreError(
    'The role in DATABASE_URL may delete no audit events, so nothing is pruned: run this as the owner of the tables, with a DATABASE_URL for that role.',
  )
}
