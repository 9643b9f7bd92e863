import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { type SelectModifierNode, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { createBuilder, type Words } from '../builder.ts'
import type { Db } from '../tables/schema.ts'

/** How long a statement may hold the event loop waiting for another process's lock, in milliseconds. */
const BUSY_MS_MAX = 50
/** The query texts of this service number some hundred at most; the bound is for surprises. */
const STATEMENTS_MAX = 500

export type SqliteConnection = {
  readonly database: DatabaseSync
  readonly db: Db
  /** Runs a text that is run again and again and answers nothing: BEGIN, COMMIT and the like. */
  exec(text: string): void
}

/** One connection and a query builder over it. */
export function openSqliteConnection(
  file: string,
  options: { readonly isReadOnly: boolean },
): SqliteConnection {
  const database = new DatabaseSync(file, {
    readOnly: options.isReadOnly,
    enableForeignKeyConstraints: true,
    timeout: BUSY_MS_MAX,
  })
  // What a savepoint has to remember is kept in memory: SQLite would make and delete a file for it, each time.
  database.exec('PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY')
  const prepare = statementsOver(database)
  const db = createBuilder(WORDS, <Row>(text: string, parameters: readonly unknown[]) => {
    const { statement, rowOf } = prepare(text)
    const values = parameters as SQLInputValue[]
    if (rowOf === null) {
      statement.run(...values)
      return []
    }
    return (statement.all(...values) as unknown as SQLOutputValue[][]).map(rowOf) as Row[]
  })
  return { database, db, exec: (text) => void prepare(text).statement.run() }
}

/** A write transaction holds the whole store: there are no rows to lock, and no words for it. */
class LocklessCompiler extends SqliteQueryCompiler {
  protected override visitSelectModifier(node: SelectModifierNode): void {
    if (node.modifier !== 'ForUpdate' && node.modifier !== 'ForShare') super.visitSelectModifier(node)
  }
}

const WORDS: Words = {
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (kysely) => new SqliteIntrospector(kysely),
  createQueryCompiler: () => new LocklessCompiler(),
}

type RowOf = (values: readonly SQLOutputValue[]) => unknown

/**
 * Makes rows of bare values: the driver takes half as long again to make them by itself. As code, so that a row is made
 * at once; a key has some forty columns, and to set them one by one took a twentieth of GET /keys/{keyId}.
 */
function rowMaker(statement: StatementSync): RowOf | null {
  const members = statement.columns().map(({ name }, index) => `${JSON.stringify(name)}: values[${index}]`)
  return members.length === 0 ? null : (new Function('values', `return { ${members.join(', ')} }`) as RowOf)
}

/** `rowOf`: null for a statement that answers nothing. */
type Statement = { readonly statement: StatementSync; readonly rowOf: RowOf | null }

/** Each text is prepared once. */
function statementsOver(database: DatabaseSync): (text: string) => Statement {
  const statements = new Map<string, Statement>()
  return (text) => {
    const known = statements.get(text)
    if (known !== undefined) return known
    if (statements.size >= STATEMENTS_MAX) statements.clear()
    const statement = database.prepare(text)
    const prepared = { statement, rowOf: rowMaker(statement) }
    if (prepared.rowOf !== null) statement.setReturnArrays(true)
    statements.set(text, prepared)
    return prepared
  }
}
