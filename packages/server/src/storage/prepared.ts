import type { MaybePromise } from '@latchkey/core/maybe-promise'
import type { Compilable } from 'kysely'
import { runOf } from './builder.ts'
import type { Db } from './tables/schema.ts'

/** Stands for a value while the text is made. */
class Place {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

type Values = Readonly<Record<string, unknown>>
type Built = { readonly sql: string; readonly parameters: readonly unknown[] }

/**
 * A query that is built once for each connection and run with other values each time: to build it costs the query
 * builder more than the store needs to answer it, and so do the builder's own steps around a statement, which are
 * left out. `build` gets stand-ins for the values, and must make the same text whatever they are: it may place
 * them, not look at them. Each call names the same values.
 */
export function prepared<Named extends Values, Row>(
  build: (db: Db, values: Named) => Compilable<Row>,
): (db: Db, values: Named) => MaybePromise<Row[]> {
  const built = new WeakMap<Db, Built>()
  return (db, values) => {
    let query = built.get(db)
    if (query === undefined) {
      query = build(db, placesFor(values)).compile()
      built.set(db, query)
    }
    const parameters = query.parameters.map((value) => (value instanceof Place ? values[value.name] : value))
    return runOf(db)<Row>(query.sql, parameters)
  }
}

function placesFor<Named extends Values>(values: Named): Named {
  return Object.fromEntries(Object.keys(values).map((name) => [name, new Place(name)])) as Named
}
