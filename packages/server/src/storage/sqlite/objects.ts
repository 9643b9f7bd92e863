import { DatabaseSync } from 'node:sqlite'
import { migrateSqlite } from '../migrations/sqlite.ts'
import type { StrangeObject } from '../strange-object.ts'

/** What SQLite itself makes has no text: sqlite_stat1, the indexes of UNIQUE. */
const OBJECTS = `SELECT type, name, tbl_name AS "table", sql FROM sqlite_schema
  WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY type DESC, name`

type Row = { readonly type: string; readonly name: string; readonly table: string; readonly sql: string }

/** What is in a store of this release and was not made by it, or not so. */
export function findStrangeSqliteObjects(database: DatabaseSync): StrangeObject[] {
  const fresh = new DatabaseSync(':memory:')
  try {
    migrateSqlite(fresh)
    const own = new Map(rowsOf(fresh).map((row) => [`${row.type} ${row.name}`, row.sql]))
    return rowsOf(database)
      .filter((row) => own.get(`${row.type} ${row.name}`) !== row.sql)
      .map(({ type, name, table }) => ({
        type,
        name,
        table,
        isChanged: own.has(`${type} ${name}`),
        isActing: type === 'trigger',
        isDroppedOn: false,
      }))
  } finally {
    fresh.close()
  }
}

const rowsOf = (database: DatabaseSync): Row[] => database.prepare(OBJECTS).all() as Row[]
