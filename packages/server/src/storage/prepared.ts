import type { Compilable, CompiledQuery, QueryResult } from 'kysely'
import type { Db } from './schema.ts'

/** Stands for a value while the text is made. */
class Place {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

type Values = Readonly<Record<string, unknown>>

/**
 * A query that is built once for each connection and run with other values each time: to build and compile it costs
 * the query builder more than the store needs to answer it. `build` gets stand-ins for the values, and must make
 * the same text whatever they are: it may place them, not look at them. Each call names the same values.
 */
export function prepared<Named extends Values, Row>(
  build: (db: Db, values: Named) => Compilable<Row>,
): (db: Db, values: Named) => Promise<QueryResult<Row>> {
  const built = new WeakMap<Db, CompiledQuery<Row>>()
  return (db, values) => {
    const query = built.get(db) ?? build(db, placesFor(values)).compile()
    built.set(db, query)
    const parameters = query.parameters.map((value) => (value instanceof Place ? values[value.name] : value))
    return db.executeQuery({ ...query, parameters })
  }
}

function placesFor<Named extends Values>(values: Named): Named {
  return Object.fromEntries(Object.keys(values).map((name) => [name, new Place(name)])) as Named
}
