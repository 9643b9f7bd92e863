import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import pg from 'pg'
import { createBuilder, type Words } from '../builder.ts'
import type { Db } from '../tables/schema.ts'

/** Texts that are prepared on a connection once and then only called; longer ones are built per use. */
const PREPARED_LENGTH_MAX = 2_000
const PREPARED_MAX = 300
const INT8_OID = 20

/** Counters and times are far below 2^53; the driver would hand them over as text. */
export const INTEGER_TYPES: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID ? Number : pg.types.getTypeParser(oid, format as 'text')) as never,
}

const names = new Map<string, string>()

/** The same name for the same text on every connection of the process; undefined: not worth preparing. */
function nameOf(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined || text.length > PREPARED_LENGTH_MAX || names.size >= PREPARED_MAX) return known
  const name = `q${names.size}`
  names.set(text, name)
  return name
}

const builders = new WeakMap<pg.ClientBase, Db>()

const WORDS: Words = {
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (kysely) => new PostgresIntrospector(kysely),
  createQueryCompiler: () => new PostgresQueryCompiler(),
}

/** The query builder over one connection. */
export function builderOver(client: pg.ClientBase): Db {
  const known = builders.get(client)
  if (known !== undefined) return known
  const db = createBuilder(WORDS, async <Row>(text: string, parameters: readonly unknown[]) => {
    const name = nameOf(text)
    const config = { text, values: [...parameters], ...(name === undefined ? {} : { name }) }
    const { rows } = await client.query(config)
    return rows as Row[]
  })
  builders.set(client, db)
  return db
}
