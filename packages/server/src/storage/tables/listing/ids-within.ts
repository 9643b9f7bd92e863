import { type SelectQueryBuilder, sql } from 'kysely'
import { prepared } from '../../prepared.ts'
import type { Db, Schema } from '../schema.ts'
import type { IdRange, Listing } from './page.ts'

/** A list as a query for ids, not yet narrowed to a piece of it. */
export type IdQuery = SelectQueryBuilder<Schema, keyof Schema, { id: string }>

export type Piece = {
  readonly range: IdRange
  readonly order: 'asc' | 'desc'
  readonly limit: number
  readonly offset: number
}

/** A piece of a list: the ids in a range, in order. */
export function idsWithin<Row extends { id: string }>(
  query: SelectQueryBuilder<Schema, keyof Schema, Row>,
  { range, order, limit, offset }: Piece,
): SelectQueryBuilder<Schema, keyof Schema, Row> {
  const bounds = [
    ['>', range.above],
    ['<', range.below],
    ['>=', range.from],
    ['<=', range.to],
  ] as const
  let narrowed = query
  for (const [operator, bound] of bounds) {
    if (bound !== undefined) narrowed = narrowed.where('id' as never, operator, sql.val(bound) as never)
  }
  return narrowed
    .orderBy('id' as never, order)
    .limit(limit)
    .offset(offset)
}

type Values = Readonly<Record<string, unknown>>

/**
 * The same for a list that is walked in many pieces: each shape of it is built once. `matching` gets stand-ins, as
 * in `prepared`; what does not narrow this list is not named in `filter`.
 */
export function preparedIds<Filter extends Values>(
  matching: (db: Db, filter: Filter) => IdQuery,
): (filter: Filter) => Listing['ids'] {
  type Named = Filter & IdRange & Pick<Piece, 'limit' | 'offset'>
  const shapes = new Map<string, ReturnType<typeof prepared<Named, { id: string }>>>()
  return (filter) => async (db, range, order, limit, offset) => {
    const values: Named = { ...filter, ...range, limit, offset }
    const shape = `${order} ${Object.keys(values)}`
    let find = shapes.get(shape)
    if (find === undefined) {
      find = prepared((db, places: Named) =>
        idsWithin(matching(db, places), { ...places, range: places, order }),
      )
      shapes.set(shape, find)
    }
    const rows = await find(db, values)
    return rows.map((row) => row.id)
  }
}
