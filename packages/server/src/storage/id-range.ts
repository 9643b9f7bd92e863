import { type ReferenceExpression, type SelectQueryBuilder, sql } from 'kysely'
import type { IdRange } from './page.ts'
import type { Schema } from './schema.ts'

/** Narrows a query to a range of ids and orders it by them. */
export function withinRange<Tables extends keyof Schema, Row>(
  query: SelectQueryBuilder<Schema, Tables, Row>,
  column: ReferenceExpression<Schema, Tables>,
  range: IdRange,
  order: 'asc' | 'desc',
): SelectQueryBuilder<Schema, Tables, Row> {
  const bounds = [
    ['>', range.above],
    ['<', range.below],
    ['>=', range.from],
    ['<=', range.to],
  ] as const
  let narrowed = query
  for (const [operator, bound] of bounds) {
    if (bound !== undefined) narrowed = narrowed.where(column, operator, sql.val(bound) as never)
  }
  return narrowed.orderBy(column as never, order)
}
