import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openApiDocument } from '@latchkey/contract/openapi'

const HELP = `Writes openapi.json, the OpenAPI document of the operations table.

  node scripts/generate-openapi.ts           write it
  node scripts/generate-openapi.ts --check   write nothing; exit 1 when it is stale
`

/** The document as it stands in the file. */
export const openApiText = (): string => `${JSON.stringify(openApiDocument(), null, 2)}\n`

/** Writes the document where it is not yet as it should be. Answers whether it was. */
export function generateOpenApi(path: string, isCheck: boolean): boolean {
  const text = openApiText()
  const isFresh = read(path) === text
  if (!isFresh && !isCheck) writeFileSync(path, text)
  return isFresh
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not there, or not readable: either way it has to be written.
    return undefined
  }
}

function run(): number {
  const { check = false, help } = parseArgs({
    options: { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  }).values
  if (help) {
    console.log(HELP)
    return 0
  }
  const isFresh = generateOpenApi(fileURLToPath(new URL('../openapi.json', import.meta.url)), check)
  if (check && !isFresh) {
    console.error('openapi.json is stale: run `npm run build` and commit it.')
    return 1
  }
  console.log(`openapi.json ${isFresh ? 'is up to date' : 'written'}`)
  return 0
}

if (import.meta.main) {
  try {
    process.exitCode = run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
