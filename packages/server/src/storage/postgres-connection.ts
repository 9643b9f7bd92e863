import {
  type CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import pg from 'pg'
import type { Db, Schema } from './schema.ts'

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

/** The query builder over one connection. Transactions are the engine's business, not the builder's. */
export function builderOver(client: pg.ClientBase): Db {
  const known = builders.get(client)
  if (known !== undefined) return known
  const connection = connectionOver(client)
  const db = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createIntrospector: (kysely) => new PostgresIntrospector(kysely),
      createQueryCompiler: () => new PostgresQueryCompiler(),
      createDriver: () => ({
        init: async () => {},
        acquireConnection: async () => connection,
        releaseConnection: async () => {},
        beginTransaction: async () => refuseTransaction(),
        commitTransaction: async () => refuseTransaction(),
        rollbackTransaction: async () => refuseTransaction(),
        destroy: async () => {},
      }),
    },
  })
  builders.set(client, db)
  return db
}

function refuseTransaction(): never {
  throw new Error('transactions are opened by the engine: use engine.read or engine.write')
}

function connectionOver(client: pg.ClientBase): DatabaseConnection {
  return {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      const name = nameOf(sql)
      const config = { text: sql, values: [...parameters], ...(name === undefined ? {} : { name }) }
      const { rows, rowCount } = await client.query(config)
      return { rows: rows as Row[], numAffectedRows: BigInt(rowCount ?? 0) }
    },
    // biome-ignore lint/correctness/useYield: the interface asks for a generator; nothing here streams.
    async *streamQuery() {
      throw new Error('streaming is not used')
    },
  }
}
