import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'
import { isSqliteFile, readBetterAuthDatabase } from './better-auth-database.ts'
import type { SourceLine, SourceName } from './import-row.ts'
import { readSource } from './read-source.ts'
import { SourceError } from './source-error.ts'
import type { SourceOptions } from './source-options.ts'

/** A file that is read as often as it is asked for, a row at a time. */
export type SourceFile = {
  readonly bytes: number
  /** `onBytes` is told how many were read so far. Throws SourceError. */
  lines(onBytes?: (count: number) => void): AsyncIterable<SourceLine>
}

/** Throws SourceError for what is no file that can be read twice. */
export function openSourceFile(path: string, source: SourceName, options: SourceOptions): SourceFile {
  const { bytes, start } = looked(path)
  const isDatabase = isSqliteFile(start)
  if (isDatabase && source !== 'better-auth') {
    throw new SourceError(undefined, `${path} is a SQLite database: export the table as CSV.`)
  }
  return {
    bytes,
    lines: (onBytes) =>
      isDatabase
        ? readBetterAuthDatabase(path, options)
        : readSource(source, () => bytesOf(path, onBytes), options),
  }
}

function looked(path: string): { readonly bytes: number; readonly start: Uint8Array } {
  try {
    const about = statSync(path)
    if (!about.isFile()) throw new SourceError(undefined, `${path} is no file: save the export in one first.`)
    const descriptor = openSync(path, 'r')
    const start = Buffer.alloc(16)
    readSync(descriptor, start)
    closeSync(descriptor)
    return { bytes: about.size, start }
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function* bytesOf(path: string, onBytes?: (count: number) => void): AsyncGenerator<Uint8Array> {
  let count = 0
  try {
    for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
      count += piece.length
      onBytes?.(count)
      yield piece
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

const PIECE_BYTES = 256 * 1_024

function unreadable(path: string, error: unknown): SourceError {
  if (error instanceof SourceError) return error
  const { code } = error as NodeJS.ErrnoException
  return new SourceError(
    undefined,
    `${path} cannot be read (${code ?? String(error)}): check its name and rights.`,
  )
}
