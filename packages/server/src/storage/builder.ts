import type { MaybePromise } from '@latchkey/core/maybe-promise'
import { type CompiledQuery, type DatabaseConnection, type Dialect, Kysely } from 'kysely'
import type { Db, Schema } from './tables/schema.ts'

/** What the query builder has to know of a store besides the connection. */
export type Words = Pick<Dialect, 'createAdapter' | 'createIntrospector' | 'createQueryCompiler'>

/** Runs a text on one connection. A store that answers at once does so without a promise. */
export type Run = <Row>(text: string, parameters: readonly unknown[]) => MaybePromise<Row[]>

const runs = new WeakMap<Db, Run>()

/** How the connection under a query builder is reached without it, for texts that are already built. */
export function runOf(db: Db): Run {
  const run = runs.get(db)
  if (run === undefined) throw new Error('not a query builder of createBuilder')
  return run
}

/** A query builder over one connection. Transactions are the engine's business, not the builder's. */
export function createBuilder(words: Words, run: Run): Db {
  const connection: DatabaseConnection = {
    executeQuery: async <Row>({ sql, parameters }: CompiledQuery) => ({
      rows: await run<Row>(sql, parameters),
    }),
    // biome-ignore lint/correctness/useYield: the interface asks for a generator; nothing here streams.
    async *streamQuery() {
      throw new Error('streaming is not used')
    },
  }
  const db = new Kysely<Schema>({
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
  runs.set(db, run)
  return db
}

function refuseTransaction(): never {
  throw new Error('transactions are opened by the engine: use engine.read or engine.write')
}
