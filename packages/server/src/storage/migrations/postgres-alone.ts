import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { StoreError } from '../engine.ts'

/** A server that serves says so anew four times a second; by then even one that is slow at it has lost its lease. */
const WATCHED_MS = 2_500

/**
 * Throws StoreError when a server is at work on the database, which knows nothing of the tables to come. One that was killed
 * has left its row there, and is none.
 */
export async function assertNobodyServes(client: ClientBase): Promise<void> {
  const before = await readBeats(client)
  if (before.length === 0) return
  await sleep(WATCHED_MS)
  const isAtWork = (await readBeats(client)).some(
    ({ id, beat }) => !before.some((seen) => seen.id === id && seen.beat === beat),
  )
  if (!isAtWork) return
  throw new StoreError(
    'This release has other tables than the servers that still run on this database: stop all of them, then try again. ' +
      'Nothing was changed.',
  )
}

type Beat = { readonly id: string; readonly beat: string }

async function readBeats(client: ClientBase): Promise<readonly Beat[]> {
  const { rows } = await client.query(`SELECT to_regclass('servers') IS NOT NULL AS found`)
  return rows[0]?.found === true ? (await client.query<Beat>('SELECT id, beat FROM servers')).rows : []
}
