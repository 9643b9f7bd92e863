import { type DatabaseConnection, type Dialect, Kysely } from 'kysely'
import type { Db, Schema } from './schema.ts'

/** What the query builder has to know of a store besides the connection. */
export type Words = Pick<Dialect, 'createAdapter' | 'createIntrospector' | 'createQueryCompiler'>

/** A query builder over one connection. Transactions are the engine's business, not the builder's. */
export function createBuilder(words: Words, executeQuery: DatabaseConnection['executeQuery']): Db {
  const connection: DatabaseConnection = {
    executeQuery,
    // biome-ignore lint/correctness/useYield: the interface asks for a generator; nothing here streams.
    async *streamQuery() {
      throw new Error('streaming is not used')
    },
  }
  return new Kysely<Schema>({
    dialect: {
      ...words,
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
}

function refuseTransaction(): never {
  throw new Error('transactions are opened by the engine: use engine.read or engine.write')
}
