import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { componentSchemas, plainSchema, referenceTo } from '@latchkey/contract/openapi/component-schemas'
import type { SchemaObject } from '@latchkey/contract/openapi/document'
import { operations } from '@latchkey/contract/operations'
import type { Operation } from '@latchkey/contract/operations/operation'
import { declarationOf, typeText } from './client-types/type-text.ts'

const HELP = `Writes packages/client/src/wire.ts, the types of the operations table as the client publishes them.

  node scripts/generate-client-types.ts           write it
  node scripts/generate-client-types.ts --check   write nothing; exit 1 when it is stale
`

const PATH = fileURLToPath(new URL('../packages/client/src/wire.ts', import.meta.url))

/** The file as it has to be: one interface a schema, and what each operation takes and answers. */
export function clientTypesText(): string {
  const rows: [string, Operation][] = Object.entries(operations)
  const queries = rows.flatMap(([id, { query }]) =>
    query === undefined ? [] : [declarationOf(queryName(id), plainSchema(query))],
  )
  return [
    '// Printed from the schemas of the contract by `npm run build`: change those, not this file.',
    ...Object.entries(componentSchemas()).map(([name, schema]) => declarationOf(name, schema)),
    ...queries,
    operationsText(rows),
    routesText(rows),
  ].join('\n\n')
}

/** What the interface `Operations` says of each operation. */
function operationsText(rows: readonly [string, Operation][]): string {
  const lines = rows.map(([id, { query, body, success }]) => {
    const of = (schema: SchemaObject | undefined) => (schema === undefined ? 'undefined' : typeText(schema))
    const parts = [
      `query: ${query === undefined ? 'undefined' : queryName(id)}`,
      `body: ${of(body === undefined ? undefined : referenceTo(body))}`,
      `answer: ${of(success.schema === undefined ? undefined : referenceTo(success.schema))}`,
    ]
    return `  ${id}: { ${parts.join('; ')} }`
  })
  return `/** What each operation takes and answers. */\nexport interface Operations {\n${lines.join('\n')}\n}`
}

/** What is not said is not so: said of each, it would cost room in every bundle. */
const ROUTE_TEXT = `/** isCreating: it takes an Idempotency-Key; isOpen: no credential. */
interface Route {
  readonly method: string
  readonly path: string
  readonly isCreating?: true
  readonly isOpen?: true
}

/** Where each operation is found. */`

function routesText(rows: readonly [string, Operation][]): string {
  const lines = rows.map(
    ([id, { method, path, isIdempotent = false, authentication }]) =>
      `  ${id}: { method: '${method}', path: '${path}'${isIdempotent ? ', isCreating: true' : ''}${authentication === 'none' ? ', isOpen: true' : ''} },`,
  )
  return `${ROUTE_TEXT}\nexport const ROUTES: Readonly<Record<keyof Operations, Route>> = {\n${lines.join('\n')}\n}\n`
}

const queryName = (id: string) => `${id[0]!.toUpperCase()}${id.slice(1)}Query`

function run(): number {
  const { check = false, help } = parseArgs({
    options: { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  }).values
  if (help) {
    console.log(HELP)
    return 0
  }
  const text = clientTypesText()
  const isFresh = read() === text
  if (check && !isFresh) {
    console.error('packages/client/src/wire.ts is stale: run `npm run build` and commit it.')
    return 1
  }
  if (!isFresh) writeFileSync(PATH, text)
  console.log(`packages/client/src/wire.ts ${isFresh ? 'is up to date' : 'written'}`)
  return 0
}

function read(): string | undefined {
  try {
    return readFileSync(PATH, 'utf8')
  } catch {
    // Not there: it has to be written.
    return undefined
  }
}

if (import.meta.main) {
  try {
    process.exitCode = run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
