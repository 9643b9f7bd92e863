import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import type { Services } from '@latchkey/server'
import { importOnHost, judgeLines, openSourceFile } from '@latchkey/server/commands'

/** The text at `index`, the same each time: what another system gave out. */
export const importedTextAt = (index: number): string =>
  `shop_${digestOf(`text ${index}`, 'base64url').slice(0, 32)}`

const digestOf = (text: string, encoding: 'hex' | 'base64url'): string =>
  createHash('sha256').update(text).digest(encoding)

/** Rows put together before they are written: some 100 KB. */
const PIECE_ROWS = 1_000
const OWNERS = 40

/** A file as another system would export it: hashes and owners. */
export function writeExport(path: string, rows: number): void {
  const file = openSync(path, 'w')
  writeSync(file, 'hash,externalUserId,permissions\n')
  for (let start = 0; start < rows; start += PIECE_ROWS) {
    const count = Math.min(PIECE_ROWS, rows - start)
    const lines = Array.from({ length: count }, (_, place) => {
      const index = start + place
      return `${digestOf(importedTextAt(index), 'hex')},customer-${index % OWNERS},app:read\n`
    })
    writeSync(file, lines.join(''))
  }
  closeSync(file)
}

/** What `latchkey import` does with such a file, step by step. */
export async function* importSteps(
  services: Services,
  path: string,
  companyId: string,
): AsyncGenerator<number> {
  const format = { algorithm: 'sha256', input: 'whole' } as const
  const file = openSourceFile(path, 'csv', { keyPrefix: services.config.keyPrefix, format })
  const rules = { hasOwner: false, hasPepper: false, hasSalt: false }
  const lines = judgeLines(file.lines(), rules)
  const said = {
    companyId,
    source: 'csv',
    extras: {},
    userId: undefined,
    createsUsers: true,
    isDryRun: false,
  } as const
  for await (const step of importOnHost(services, lines, said)) {
    const refused = step.find(({ outcome }) => outcome !== 'created')
    if (refused !== undefined) throw new Error(`a row was not imported: ${JSON.stringify(refused)}`)
    yield step.length
  }
}
