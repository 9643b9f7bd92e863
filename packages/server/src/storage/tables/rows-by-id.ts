import type { Compilable } from 'kysely'
import { prepared } from '../prepared.ts'
import type { Db } from './schema.ts'

type Values = Readonly<Record<string, unknown>>

/** Ids in one statement, fewest first: each number has a text of its own, so there are few numbers. */
const STATEMENT_IDS = [1, 4, 32]

/**
 * A query for rows by their ids, built once for each of a few numbers of ids. `build` gets stand-ins, as in
 * `prepared`.
 */
export function rowsById<Filter extends Values, Row extends { readonly id: string }>(
  build: (db: Db, filter: Filter, ids: readonly never[]) => Compilable<Row>,
): (db: Db, filter: Filter, ids: readonly string[]) => Promise<Map<string, Row>> {
  const statements = STATEMENT_IDS.map((count) => {
    const names = namesOf(count)
    const find = prepared((db, values: Filter & Values) =>
      build(
        db,
        values,
        names.map((name) => values[name] as never),
      ),
    )
    return { count, names, find }
  })
  return async (db, filter, ids) => {
    const rows = new Map<string, Row>()
    for (let start = 0; start < ids.length; ) {
      const left = ids.length - start
      const { count, names, find } = statements.find(({ count }) => count >= left) ?? statements.at(-1)!
      const named = ids.slice(start, start + count)
      // The places that are left over ask for the last one again.
      const places = names.map((name, index) => [name, named[index] ?? named.at(-1)])
      for (const row of await find(db, { ...filter, ...Object.fromEntries(places) })) rows.set(row.id, row)
      start += count
    }
    return rows
  }
}

const namesOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `id${index}`)
