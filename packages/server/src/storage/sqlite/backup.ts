import { existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { explainWriteError, findDiskFault, sentenceOf } from '../disk-fault.ts'
import { StoreError } from '../engine.ts'
import { makeDirectory } from '../make-directory.ts'
import { checkCopy, openCopy } from './copy.ts'
import { isDamaged } from './errors.ts'
import { type Forgotten, findForgotten } from './forgotten.ts'

/** A store that a restore kept: the name of the store, this, and the time. */
const KEPT = 'before-restore-'

/** Pages copied in one step; writers get their turn between. */
const STEP_PAGES = 1_000

export type CopyProgress = (copiedPages: number, totalPages: number) => void

/**
 * Copies a store into `target` while it is in use: a state that was true at one moment, with every write
 * acknowledged before the copy began. The copy is checked, and appears under its name only when it is whole.
 * Throws StoreError.
 */
export async function backupSqlite(source: string, target: string, onProgress: CopyProgress): Promise<void> {
  if (!existsSync(source)) throw new StoreError(`There is no store at ${source}: nothing to back up.`)
  if (existsSync(target))
    throw new StoreError(`${target} exists already: choose another name, or move it away.`)
  assertNoLog(target)
  const partial = `${target}.partial`
  preparePlace(dirname(target), partial)
  // Not read-only: the log that belongs to the file may have to be read in first.
  const database = new DatabaseSync(source)
  try {
    // One snapshot for the whole copy: else each write of another process makes it begin anew.
    database.exec('BEGIN')
    database.prepare('SELECT revision FROM head').get()
    await backup(database, partial, {
      rate: STEP_PAGES,
      progress: ({ totalPages, remainingPages }) => onProgress(totalPages - remainingPages, totalPages),
    })
    checkCopy(partial)
    renameSync(partial, target)
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new StoreError(`The backup to ${target} failed${explainFailure(target, error)}`, error)
  } finally {
    database.close()
    removeStore(partial)
  }
}

/** What was not read into a file of that name yet would be read into the next one. */
function assertNoLog(file: string): void {
  const log = ['-wal', '-journal']
    .map((part) => `${file}${part}`)
    .find((name) => existsSync(name) && statSync(name).size > 0)
  if (log === undefined) return
  throw new StoreError(
    `${log} was left of another store of that name, and would be read into the backup: choose another name, or move it away.`,
  )
}

/** A name with a mistake in it is not made: whoever looks for backups would not find them there. */
function preparePlace(directory: string, partial: string): void {
  let isDirectory: boolean | undefined
  try {
    isDirectory = statSync(directory, { throwIfNoEntry: false })?.isDirectory()
    if (isDirectory) rmSync(partial, { force: true })
  } catch (error) {
    // Not allowed to this user, too long, a circle of links.
    const { code } = error as NodeJS.ErrnoException
    throw new StoreError(
      `No backup can be put into ${shortened(directory)} (${code}): name another place, one that this user may write to.`,
      error,
    )
  }
  if (isDirectory) return
  throw new StoreError(
    existsSync(directory)
      ? `${directory} is not a directory, so no backup can be put into it: name another place.`
      : `There is no directory ${directory} to put the backup into: make it (mkdir -p), or name another place.`,
  )
}

/** A path that is too long would fill a screen. */
const shortened = (path: string) =>
  path.length > PATH_SHOWN_MAX ? `${path.slice(0, PATH_SHOWN_MAX)}…` : path
const PATH_SHOWN_MAX = 200

/** SQLite tells nothing of what the operating system said. */
function explainFailure(target: string, error: unknown): string {
  const fault = findDiskFault(target) ?? explainWriteError(error, dirname(target))
  if (fault !== undefined) return `: ${sentenceOf(fault)}`
  const reason = error instanceof Error ? error.message : String(error)
  return ` (${reason}): check the place and its free space.`
}

/** What a restored store was compared with. */
export type Compared = {
  /** The file of the last store that was accepted, where this one has taken its place; undefined: none is known. */
  readonly accepted: string | undefined
  /** undefined: there is none, or it cannot be read. */
  readonly forgotten: Forgotten | undefined
}

/** `kept`: where the store is now that was there; undefined: there was none. */
export type Restored = Compared & { readonly kept: string | undefined }

/**
 * Puts a backup in the place of a store, under a new epoch and not accepted: no process may go on with what it
 * remembers of the old one, and none may use the new one before the operator has. The old store is kept beside
 * it, under a name that ends with the time. Throws StoreError, and then changes nothing.
 */
export function restoreSqlite(copy: string, target: string, time: string): Restored {
  checkCopy(copy)
  prepareDataDir(target)
  const incoming = `${target}.incoming`
  const isReplacing = existsSync(target)
  let acceptedAt: string | undefined
  try {
    removeStore(incoming)
    copyInto(copy, incoming)
    if (isReplacing) {
      foldLog(target)
      acceptedAt = findAcceptedAt(readHead(target), time)
    }
    beginUnaccepted(incoming, acceptedAt)
    keepStore(target, keptAt(target, time))
    renameSync(incoming, target)
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new StoreError(`The restore to ${target} failed${explainFailure(target, error)}`, error)
  } finally {
    removeStore(incoming)
  }
  return { kept: isReplacing ? keptAt(target, time) : undefined, ...compare(target, acceptedAt) }
}

/** The same comparison again, of a restored store that is not accepted yet. undefined: it is, or there is none. */
export function findUnaccepted(target: string): Compared | undefined {
  const head = existsSync(target) ? readHead(target) : undefined
  // One that cannot be read: whoever opens it next says what is wrong with it.
  return head === undefined || head.isAccepted ? undefined : compare(target, acceptedBefore(head))
}

function compare(target: string, acceptedAt: string | undefined): Compared {
  if (acceptedAt === undefined) return { accepted: undefined, forgotten: undefined }
  const accepted = keptAt(target, acceptedAt)
  return { accepted, forgotten: findForgotten(accepted, target, Date.now()) }
}

const keptAt = (target: string, time: string) => `${target}.${KEPT}${time}`

function copyInto(copy: string, incoming: string): void {
  const database = openCopy(copy)
  try {
    database.prepare('VACUUM INTO ?').run(incoming)
  } finally {
    database.close()
  }
}

/**
 * The epoch of a store that is not accepted ends with the time when the last accepted one was kept, so that the two belong
 * together whatever else lies beside them. Accepting begins another epoch.
 */
function beginUnaccepted(incoming: string, acceptedAt: string | undefined): void {
  const database = new DatabaseSync(incoming)
  database
    .prepare(
      'UPDATE head SET epoch = lower(hex(randomblob(16))) || ?, revision = revision + 1, is_accepted = 0',
    )
    .run(acceptedAt === undefined ? '' : `/${acceptedAt}`)
  database.exec('DELETE FROM log')
  database.close()
}

type StoredHead = { readonly epoch: string; readonly isAccepted: boolean }

/** When the last accepted store is kept: now, unless the one that is there was restored and not accepted itself. */
const findAcceptedAt = (head: StoredHead | undefined, time: string): string | undefined =>
  head === undefined || head.isAccepted ? time : acceptedBefore(head)

const acceptedBefore = ({ epoch }: StoredHead): string | undefined => epoch.split('/')[1]

/** undefined: it cannot be read. */
function readHead(file: string): StoredHead | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { readOnly: true })
    const row = database.prepare('SELECT epoch, is_accepted FROM head').get()
    return row && { epoch: String(row.epoch), isAccepted: row.is_accepted === 1 }
  } catch {
    return undefined
  } finally {
    database?.close()
  }
}

/** A restore is often the first thing that happens on a machine, and done by another user than the service. */
function prepareDataDir(target: string): void {
  const directory = dirname(target)
  try {
    makeDirectory(directory)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StoreError(
      `The data directory ${directory} cannot be made (${reason}): choose another with LATCHKEY_DATA_DIR.`,
      error,
    )
  }
  const fault = findDiskFault(target)
  if (fault !== undefined) throw new StoreError(`The restore to ${target} failed: ${sentenceOf(fault)}`)
}

/**
 * Brings what is still in the log into the file itself; that of a file that is damaged stays where it is. Throws StoreError
 * when someone else has it open.
 */
function foldLog(file: string): void {
  const database = new DatabaseSync(file)
  try {
    const mode = database.prepare('PRAGMA journal_mode = DELETE').get()
    if (mode?.journal_mode !== 'delete') throw new Error('in use')
  } catch (error) {
    if (isDamaged(error)) return
    throw new StoreError('The store is in use: stop the service first, then restore.', error)
  } finally {
    database.close()
  }
}

/**
 * Gives the store a second name, and takes what is beside it away from the first: a log that is left there would be read into
 * the store that comes. The file itself is there until that takes its place, for a start that finds none makes a new one.
 */
function keepStore(file: string, to: string): void {
  if (existsSync(file)) linkOrMove(file, to)
  for (const part of PARTS.slice(1))
    if (existsSync(`${file}${part}`)) renameSync(`${file}${part}`, `${to}${part}`)
}

function linkOrMove(file: string, to: string): void {
  try {
    linkSync(file, to)
  } catch {
    // A file system without hard links; whatever else is wrong, this fails of it as well.
    renameSync(file, to)
  }
}

/** What SQLite puts beside a file belongs to it, and to no other of its name. */
const PARTS = ['', '-wal', '-shm', '-journal']

function removeStore(file: string): void {
  for (const part of PARTS) rmSync(`${file}${part}`, { force: true })
}
