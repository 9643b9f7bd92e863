import type { MaybePromise } from '@latchkey/core/maybe-promise'
import type { Compilable } from 'kysely'
import { runOf } from './builder.ts'
import type { Db } from './tables/schema.ts'

/** Stands for a value of a row while the text is made. */
class Place {
  readonly row: number
  readonly name: string

  constructor(row: number, name: string) {
    this.row = row
    this.name = name
  }
}

type Values = Readonly<Record<string, unknown>>
/** `parametersOf`: what the text is run with, of the rows from `start` on. */
type Built<Named> = {
  readonly sql: string
  readonly parametersOf: (rows: readonly Named[], start: number) => readonly unknown[]
}

/**
 * A query that is built once for each connection and run with other values each time: to build it costs the query
 * builder more than the store needs to answer it, and so do the builder's own steps around a statement, which are
 * left out. `build` gets stand-ins for the values, and must make the same text whatever they are: it may place
 * them, not look at them. Each call names the same values.
 */
export function prepared<Named extends Values, Row>(
  build: (db: Db, values: Named) => Compilable<Row>,
): (db: Db, values: Named) => MaybePromise<Row[]> {
  const run = statementOf<Named, Row>(1, (db, [values]) => build(db, values!))
  return (db, values) => run(db, [values], 0)
}

/** Rows in one statement, most first: each number has a text of its own, so there are few numbers. */
const STATEMENT_ROWS = [500, 100, 50, 20, 5, 1]

/**
 * The same about many rows, in few statements: most of what a small statement costs is the statement. Answers what
 * the statements answered, one after the other.
 */
export function preparedRows<Named extends Values, Row>(
  build: (db: Db, rows: readonly Named[]) => Compilable<Row>,
): (db: Db, rows: readonly Named[]) => Promise<Row[]> {
  const statements = STATEMENT_ROWS.map((count) => ({ count, run: statementOf(count, build) }))
  return async (db, rows) => {
    let answered: Row[] = []
    let start = 0
    for (const { count, run } of statements) {
      for (; rows.length - start >= count; start += count) {
        const some = await run(db, rows, start)
        answered = answered.length === 0 ? some : [...answered, ...some]
      }
    }
    return answered
  }
}

/** One statement about `count` rows, those from `start` on. */
function statementOf<Named extends Values, Row>(
  count: number,
  build: (db: Db, rows: readonly Named[]) => Compilable<Row>,
): (db: Db, rows: readonly Named[], start: number) => MaybePromise<Row[]> {
  const built = new WeakMap<Db, Built<Named>>()
  return (db, rows, start) => {
    let query = built.get(db)
    if (query === undefined) {
      const names = Object.keys(rows[start]!)
      const { sql, parameters } = build(
        db,
        Array.from({ length: count }, (_, row) => placesFor<Named>(row, names)),
      ).compile()
      query = { sql, parametersOf: parametersOf(parameters) }
      built.set(db, query)
    }
    return runOf(db)<Row>(query.sql, query.parametersOf(rows, start))
  }
}

/**
 * Compiled to code for a statement about one row: to look up each of a key's thirty values by its name took as long as
 * SQLite took to read them.
 */
function parametersOf<Named extends Values>(parameters: readonly unknown[]): Built<Named>['parametersOf'] {
  if (parameters.every((value) => !(value instanceof Place) || value.row === 0)) {
    const texts = parameters.map((value, index) =>
      value instanceof Place ? `row[${JSON.stringify(value.name)}]` : `parameters[${index}]`,
    )
    const make = new Function('parameters', `return (row) => [${texts.join(', ')}]`)
    const ofRow = make(parameters) as (row: Named) => readonly unknown[]
    return (rows, start) => ofRow(rows[start]!)
  }
  return (rows, start) =>
    parameters.map((value) => (value instanceof Place ? rows[start + value.row]![value.name] : value))
}

function placesFor<Named extends Values>(row: number, names: readonly string[]): Named {
  return Object.fromEntries(names.map((name) => [name, new Place(row, name)])) as Named
}
