import { type DigestExtras, digestOf } from '@latchkey/core/digest'
import type { ImportRow, SourceLine, SourceName } from '../../src/import/import-row.ts'
import { readSource } from '../../src/import/read-source.ts'
import type { SourceOptions } from '../../src/import/source-options.ts'

export const OPTIONS: SourceOptions = { keyPrefix: 'lk' }

/** The bytes of a file, in pieces of so many. */
export async function* bytesOf(file: string | Uint8Array, pieceBytes = 65_536): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(file)
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

export async function readAll(
  source: SourceName,
  file: string | Uint8Array,
  options: Partial<SourceOptions> = {},
  pieceBytes?: number,
): Promise<SourceLine[]> {
  return Array.fromAsync(readSource(source, () => bytesOf(file, pieceBytes), { ...OPTIONS, ...options }))
}

/** What is refused, as `line: reason`. */
export const refusals = (entries: readonly SourceLine[]): string[] =>
  entries.flatMap((entry) => ('refused' in entry ? [`${entry.line}: ${entry.refused}`] : []))

export const rowsOf = (entries: readonly SourceLine[]): ImportRow[] =>
  entries.flatMap((entry) => ('row' in entry ? [entry.row] : []))

/** The rows that a text is the key of. */
export function rowsFor(
  entries: readonly SourceLine[],
  text: string,
  extras: DigestExtras = {},
): ImportRow[] {
  return rowsOf(entries).filter((row) =>
    'key' in row ? row.key.reveal() === text : digestOf(text, row.format, extras)?.equals(row.hash) === true,
  )
}
