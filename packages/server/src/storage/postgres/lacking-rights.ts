import type pg from 'pg'
import { type LackingRights, nameRights } from '../lacking-rights.ts'
import { OWN_OBJECTS } from '../migrations/postgres.ts'
import { missingRight } from './missing-right.ts'

/** Audit events are written once, and which migrations there were is written by whoever runs them. */
const LACKING = `SELECT relname AS "table", array_agg(need) AS rights
FROM pg_class CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS need
WHERE relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('head')) AND relname = ANY($1)
  AND NOT (relname = 'audit_events' AND need IN ('UPDATE', 'DELETE'))
  AND NOT (relname = 'migrations' AND need <> 'SELECT')
  AND NOT has_table_privilege(pg_class.oid, need)
GROUP BY relname ORDER BY relname`

/** The rights of docs/operate/fleet.md, those that are not there. */
export async function findLackingRights(client: pg.ClientBase): Promise<readonly LackingRights[]> {
  const tables = [...OWN_OBJECTS]
    .filter((object) => object.startsWith('table '))
    .map((object) => object.slice(6))
  return (await client.query<LackingRights>(LACKING, [tables])).rows
}

/** Throws AppError `unavailable`, whose cause names what is missing. */
export async function assertNoRightLacking(client: pg.ClientBase): Promise<void> {
  const lacking = await findLackingRights(client)
  if (lacking.length > 0) throw missingRight(new Error(nameRights(lacking)))
}

const MAY_MIGRATE = `SELECT COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false) AND NOT EXISTS (
  SELECT FROM pg_class WHERE oid = to_regclass('migrations') AND NOT pg_has_role(relowner, 'USAGE')
) AS "mayMigrate"`

/** Whether the role of this connection may make our tables, and change those that are there. */
export async function mayMigrate(client: pg.ClientBase): Promise<boolean> {
  return (await client.query<{ mayMigrate: boolean }>(MAY_MIGRATE)).rows[0]?.mayMigrate === true
}
