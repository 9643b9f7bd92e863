import { accessSync, constants, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { StoreError } from '../engine.ts'
import { checkSqliteSchema } from '../migrations/sqlite.ts'
import { isNoDatabase } from './errors.ts'
import { isOpenElsewhere } from './inspection.ts'

/** What is in the file is not what a backup holds. */
export class DamagedCopyError extends StoreError {}

/** Throws StoreError unless the file is a whole store of ours that this release can read. */
export function checkCopy(file: string): void {
  assertReadable(file)
  let database: DatabaseSync | undefined
  try {
    database = openCopy(file)
    checkSqliteSchema(database)
    const row = database.prepare('PRAGMA integrity_check(1)').get()
    if (row?.integrity_check !== 'ok')
      throw new DamagedCopyError(`${file} is damaged (${lastLineOf(row?.integrity_check)}): use another.`)
  } catch (error) {
    throw explain(file, error)
  } finally {
    database?.close()
  }
}

/**
 * A backup says that it is kept with a log, and SQLite makes one even to read. Beside a backup that may not be possible, and
 * is never wanted: SQLite is told that nobody changes the file, unless there is a log to read in, or somebody has it open.
 */
export function openCopy(file: string): DatabaseSync {
  const url = pathToFileURL(file)
  if (!isOpenElsewhere(file) && !hasLog(file)) url.search = '?immutable=1'
  return new DatabaseSync(url, { readOnly: true })
}

const hasLog = (file: string) =>
  ['-wal', '-journal'].some((part) => (statSync(`${file}${part}`, { throwIfNoEntry: false })?.size ?? 0) > 0)

/** What the operating system says of a name that leads to nothing. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'])

function assertReadable(file: string): void {
  try {
    // To open anything else may wait for ever, as for a writer to a pipe.
    if (!statSync(file).isFile())
      throw new StoreError(`${file} is no file: name one that latchkey backup made.`)
    accessSync(file, constants.R_OK)
  } catch (error) {
    if (error instanceof StoreError) throw error
    const { code = '' } = error as NodeJS.ErrnoException
    if (ABSENT.has(code)) throw new StoreError(`There is no backup at ${file}.`, error)
    throw new StoreError(
      `${file} cannot be read (${code}): run this as a user who may read it, or copy it to where this one may.`,
      error,
    )
  }
}

/** SQLite puts a headline before it. */
const lastLineOf = (text: unknown): string => String(text).split('\n').at(-1)!

function explain(file: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error
  if (isNoDatabase(error))
    return new DamagedCopyError(`${file} is not a store of Latchkey, or is damaged: use another.`, error)
  const reason = error instanceof Error ? error.message : String(error)
  return new StoreError(
    `${file} cannot be read where it is (${reason}): copy it, with its -wal if there is one, to where this user may write.`,
    error,
  )
}
