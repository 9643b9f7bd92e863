import pg from 'pg'
import type { Head, Revoked } from '../engine.ts'
import { LOG_ROWS_MAX } from '../tables/log.ts'

/**
 * Notes for the session which database cluster it is connected to: asking `pg_control_system()`, from which it is to
 * be selected, costs as much as a look-up does, and it cannot change under a connection.
 */
export const MARK_CLUSTER = `set_config('latchkey.cluster', system_identifier::text, false)`

/** A head, and the process of the database that read it. */
export type SeenHead = Head & { readonly pid: number }

/**
 * The head, and whether the database is still the one it was written in. A standby cannot answer: it has no
 * current place in the log of changes, and says so with an error.
 */
const HEAD_COLUMNS = `pg_backend_pid() AS pid, h.revision, h.epoch, coalesce(h.system_identifier = current_setting('latchkey.cluster', true)
  AND h.timeline = substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), false) AS "isAccepted"`

/** Prepared: to plan it costs more than to answer it. */
export const READ_HEAD = { name: 'head', text: `SELECT ${HEAD_COLUMNS} FROM head h` }

/** What READ_HEAD answered. Throws when the session was moved: see PostgresClient. */
export function headOf(client: { assertOwn(pid: number): void }, { rows }: pg.QueryResult): Head {
  const [head] = rows as SeenHead[]
  if (head === undefined) throw new Error('the head of the store is missing')
  client.assertOwn(head.pid)
  return head
}

/** The row of whatever is asked for beside the head of the same snapshot; its columns are null when there is none. */
export const withHead = (query: string): string =>
  `SELECT ${HEAD_COLUMNS}, k.* FROM head h LEFT JOIN (${query}) k ON true`

/**
 * Head, log after $1, and servers, in one statement and so in one snapshot. Whoever is further behind than the log is
 * kept gets none of it: between two sweeps it may be very long.
 */
export const OBSERVE = `SELECT ${HEAD_COLUMNS}, h.lease_ms AS "leaseMs", h.margin_ms AS "marginMs",
  coalesce((SELECT json_agg(s) FROM servers s), '[]') AS servers,
  coalesce((SELECT json_agg(l ORDER BY l.revision) FROM log l WHERE l.revision > $1
    AND $1 >= h.revision - ${LOG_ROWS_MAX}), '[]') AS rows
  FROM head h`

/** Nothing in the log is after it. */
export const NO_LOG = Number.MAX_SAFE_INTEGER

/**
 * Moves the head, notes what changed, and commits: one message, so that the head's row, at which all servers
 * queue, is never held while a network is waited for. Another epoch than the one the transaction began in
 * leaves no revision to note, and the transaction fails.
 */
export function commitWith(changed: readonly Revoked[], { epoch }: Head): string {
  const rows = changed.map(
    ({ scope, id, companyId }, index) =>
      `((SELECT revision FROM moved) - ${changed.length - 1 - index}, ${pg.escapeLiteral(scope)}, ${pg.escapeLiteral(id)}, ${companyId === undefined ? 'NULL' : pg.escapeLiteral(companyId)})`,
  )
  return `WITH moved AS (
    UPDATE head SET revision = revision + ${changed.length} WHERE epoch = ${pg.escapeLiteral(epoch)} RETURNING revision
  ) INSERT INTO log (revision, scope, object_id, company_id) VALUES ${rows.join(', ')} RETURNING revision;
  NOTIFY ${HEAD_CHANNEL}; COMMIT`
}

/** Makes the head of epoch $1 that of this database, as it is now. */
export const ACCEPT_HEAD = `UPDATE head SET revision = revision + 1,
  epoch = replace(gen_random_uuid()::text, '-', ''),
  system_identifier = (SELECT system_identifier::text FROM pg_control_system()),
  timeline = substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
  WHERE epoch = $1`

export const HEAD_CHANNEL = 'latchkey_head'
