import type { SelectQueryBuilder } from 'kysely'
import type { Schema } from '../schema.ts'
import { idsWithin, type Piece } from './ids-within.ts'
import { beyond } from './page.ts'

/** Rows that are looked at in one statement when only their texts can tell. */
const CANDIDATES_MAX = 250

/** A piece of a list of which the store cannot tell alone what is in it: `isFound` looks at each row. */
export async function foundIds<Row extends { id: string }>(
  candidates: SelectQueryBuilder<Schema, keyof Schema, Row>,
  isFound: (row: Row) => boolean,
  { range, order, limit, offset }: Piece,
): Promise<string[]> {
  const found: string[] = []
  let rest = range
  for (;;) {
    const rows = await idsWithin(candidates, {
      range: rest,
      order,
      limit: CANDIDATES_MAX,
      offset: 0,
    }).execute()
    found.push(...rows.filter((row) => isFound(row as Row)).map(({ id }) => id))
    const last = rows.at(-1)
    if (last === undefined || rows.length < CANDIDATES_MAX || found.length >= offset + limit) {
      return found.slice(offset, offset + limit)
    }
    rest = beyond(rest, last.id, order)
  }
}
