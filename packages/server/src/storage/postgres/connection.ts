import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type pg from 'pg'
import { createBuilder, type Words } from '../builder.ts'
import type { Db } from '../tables/schema.ts'

/**
 * A connection, as one transaction after the other has it. Its statements go out one behind the other, those of one turn
 * of the event loop together, and the database does them in that order. What answers nothing is not waited for: where it
 * fails, whatever is waited for next fails with its error.
 */
export type PostgresConnection = {
  /** The query builder over it. */
  readonly db: Db
  /** Begins a transaction. Nobody waits for it yet. */
  begin(text: string): void
  /** Asks what the transaction depends on: `read` is handed the answer, and throws when nothing may go on. */
  askFirst<T>(question: pg.QueryConfig, read: (answer: pg.QueryResult) => T): Promise<T>
  /** Resolves when all that nobody has waited for is done. Rejects with what failed first. */
  settled(): Promise<void>
  /** Statements so far that may have changed something. */
  writes(): number
}

const connections = new WeakMap<pg.ClientBase, PostgresConnection>()

/** The same for as long as there is the connection. */
export function connectionOver(client: pg.Client): PostgresConnection {
  const known = connections.get(client)
  if (known !== undefined) return known
  const connection = createConnection(client)
  connections.set(client, connection)
  return connection
}

/** Statements that are sent and not waited for: a long write is to give the event loop its turns. */
const OWED_MAX = 8

function createConnection(client: pg.Client): PostgresConnection {
  let owed: Promise<unknown>[] = []
  let writes = 0
  function owe(answer: Promise<unknown>): void {
    // Of a transaction that is given up nobody waits for it.
    answer.catch(() => {})
    owed.push(answer)
  }
  async function settled(): Promise<void> {
    const waitedFor = owed
    owed = []
    await Promise.all(waitedFor)
  }
  function ask(question: string | pg.QueryConfig): Promise<pg.QueryResult> {
    holdBack(client)
    return client.query(question)
  }
  const db = createBuilder(WORDS, async <Row>(text: string, parameters: readonly unknown[]) => {
    const name = nameOf(text)
    const answer = ask({ text, values: [...parameters], ...(name === undefined ? {} : { name }) })
    owe(answer)
    if (!READING.test(text)) writes += 1
    if (isSilent(text) && owed.length < OWED_MAX) return []
    await settled()
    return (await answer).rows as Row[]
  })
  return {
    db,
    begin(text) {
      owed = []
      owe(ask(text))
    },
    askFirst(question, read) {
      const answered = ask(question).then(read)
      owe(answered)
      return answered
    },
    settled,
    writes: () => writes,
  }
}

/** What is sent until the end of this turn goes out at once: to wake the other side costs more than the text does. */
function holdBack({ connection: { stream } }: pg.Client): void {
  stream.cork()
  process.nextTick(() => stream.uncork())
}

const WORDS: Words = {
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (kysely) => new PostgresIntrospector(kysely),
  createQueryCompiler: () => new PostgresQueryCompiler(),
}

/** Texts that are prepared on a connection once and then only called; longer ones are built per use. */
const PREPARED_LENGTH_MAX = 2_000
const PREPARED_MAX = 300

const names = new Map<string, string>()

/** The same name for the same text on every connection of the process; undefined: not worth preparing. */
function nameOf(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined || text.length > PREPARED_LENGTH_MAX || names.size >= PREPARED_MAX) return known
  const name = `q${names.size}`
  names.set(text, name)
  return name
}

const READING = /^select\b/i

/** A write of few rows that answers none. Many rows are waited for, one statement after the other. */
const isSilent = (text: string): boolean => text.length <= PREPARED_LENGTH_MAX && SILENT.test(text)
const SILENT = /^(?:insert|update|delete)\b(?!.*\breturning\b)/is
