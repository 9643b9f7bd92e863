/** Primary result codes (sqlite.org/rescode.html); the low byte of an extended code is the primary one. */
const ERROR = 1
const BUSY = 5
const LOCKED = 6
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const NOTADB = 26
/** An extended code: the file that was opened has not its name any more. SQLite writes nothing then. */
const READONLY_DBMOVED = 1032

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode : undefined
}

function isPrimary(error: unknown, ...codes: readonly number[]): boolean {
  const code = codeOf(error)
  return code !== undefined && codes.includes(code & 0xff)
}

export const isBusy = (error: unknown): boolean => isPrimary(error, BUSY, LOCKED)
export const isMoved = (error: unknown): boolean => codeOf(error) === READONLY_DBMOVED
export const isFull = (error: unknown): boolean => isPrimary(error, FULL)
export const isDamaged = (error: unknown): boolean => isPrimary(error, CORRUPT, NOTADB)
/** Of what is read: it is damaged, or has not the tables that are asked for. Any other error may be one of its place. */
export const isNoDatabase = (error: unknown): boolean => isPrimary(error, ERROR, CORRUPT, NOTADB)
/** After a failed fsync what is on disk is unknown: going on could acknowledge a write that is lost. */
export const isFatal = (error: unknown): boolean => isPrimary(error, IOERR, CORRUPT, NOTADB)
