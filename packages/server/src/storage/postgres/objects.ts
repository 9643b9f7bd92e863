import type pg from 'pg'
import { OWN_OBJECTS } from '../migrations/postgres.ts'
import type { StrangeObject } from '../strange-object.ts'

/** In the schema of our tables: what acts on them, and what stands beside them. Not what an extension brought. */
const OBJECTS = `WITH place AS (SELECT relnamespace AS id FROM pg_class WHERE oid = to_regclass('head')),
ours AS (SELECT oid, relname FROM pg_class, place WHERE relnamespace = place.id AND relname = ANY($1))
SELECT * FROM (
  SELECT 'trigger' AS type, tgname AS name, relname AS "table", t.oid FROM pg_trigger t JOIN ours ON ours.oid = tgrelid
    WHERE NOT tgisinternal
  UNION ALL SELECT 'rule', rulename, relname, r.oid FROM pg_rewrite r JOIN ours ON ours.oid = ev_class
  UNION ALL SELECT 'policy', polname, relname, p.oid FROM pg_policy p JOIN ours ON ours.oid = polrelid
  UNION ALL SELECT 'index', c.relname, ours.relname, c.oid FROM pg_index i JOIN ours ON ours.oid = indrelid
    JOIN pg_class c ON c.oid = indexrelid WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
  UNION ALL SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
    ELSE 'table' END, relname, relname, c.oid FROM pg_class c, place
    WHERE relnamespace = place.id AND relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION ALL SELECT 'function', proname, proname, f.oid FROM pg_proc f, place
    WHERE pronamespace = place.id AND prokind = 'f'
) objects WHERE NOT EXISTS (SELECT FROM pg_depend WHERE objid = objects.oid AND deptype = 'e') ORDER BY 1, 2`

const ACTING: ReadonlySet<string> = new Set(['trigger', 'rule', 'policy'])

type Row = { readonly type: string; readonly name: string; readonly table: string }

/** What is in the schema of a store of this release and was not made by it. */
export async function findStrangePostgresObjects(client: pg.ClientBase): Promise<StrangeObject[]> {
  const tables = [...OWN_OBJECTS]
    .filter((object) => object.startsWith('table '))
    .map((object) => object.slice(6))
  const { rows } = await client.query<Row>(OBJECTS, [tables])
  return rows
    .filter(({ type, name }) => !OWN_OBJECTS.has(`${type} ${name}`))
    .map(({ type, name, table }) => ({
      type,
      name,
      table,
      isChanged: false,
      isActing: ACTING.has(type),
      isDroppedOn: ACTING.has(type),
    }))
}
