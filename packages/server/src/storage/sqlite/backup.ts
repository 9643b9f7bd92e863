import { existsSync, linkSync, lstatSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { findFileFault, sentenceOf } from '../disk-fault.ts'
import { StoreError } from '../engine.ts'
import { checkCopy, DamagedCopyError } from './copy.ts'
import { isNoDatabase } from './errors.ts'
import {
  draftOf,
  explainFailure,
  flushNames,
  isStoreThere,
  removeAbandoned,
  removeStore,
} from './store-files.ts'

/** Pages copied in one step; writers get their turn between. */
const STEP_PAGES = 1_000

export type CopyProgress = (copiedPages: number, totalPages: number) => void

/**
 * Copies a store into `target` while it is in use: a state that was true at one moment, with every write
 * acknowledged before the copy began. The copy is checked, and appears under its name only when it is whole.
 * Throws StoreError.
 */
export async function backupSqlite(source: string, target: string, onProgress: CopyProgress): Promise<void> {
  assertStore(source)
  if (isTaken(target)) throw taken(target)
  assertNoLog(target)
  const draft = draftOf(target)
  preparePlace(dirname(target), draft)
  removeAbandoned(target)
  try {
    await copyInto(source, draft, onProgress)
    assertWhole(source, draft)
    publish(draft, target)
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new StoreError(`The backup to ${target} failed${explainFailure(target, error)}`, error)
  } finally {
    removeStore(draft)
  }
}

/** SQLite says of all of this that it cannot open the file. */
function assertStore(source: string): void {
  if (!isStoreThere(source)) throw new StoreError(`There is no store at ${source}: nothing to back up.`)
  const fault = findFileFault(source)
  if (fault !== undefined) throw new StoreError(`No backup can be made: ${sentenceOf(fault)}`)
}

async function copyInto(source: string, draft: string, onProgress: CopyProgress): Promise<void> {
  // Not read-only: the log that belongs to the file may have to be read in first.
  const database = new DatabaseSync(source)
  try {
    // One snapshot for the whole copy: else each write of another process makes it begin anew.
    database.exec('BEGIN')
    database.prepare('SELECT revision FROM head').get()
    await backup(database, draft, {
      rate: STEP_PAGES,
      progress: ({ totalPages, remainingPages }) => onProgress(totalPages - remainingPages, totalPages),
    })
  } catch (error) {
    if (!isNoDatabase(error)) throw error
    throw new StoreError(
      `${source} is damaged, or not a store of Latchkey, and no backup of it can be made: latchkey doctor says more.`,
      error,
    )
  } finally {
    database.close()
  }
}

/** Whoever asked for a backup knows nothing of a draft: what is wrong is told of the store. */
function assertWhole(source: string, draft: string): void {
  try {
    checkCopy(draft)
  } catch (error) {
    if (!(error instanceof DamagedCopyError)) throw error
    throw new StoreError(
      `The copy of ${source} did not hold when it was checked, and is not kept: latchkey doctor says whether the store is damaged.`,
      error,
    )
  }
}

/** A rename would take the place of whatever has come there meanwhile; a link is refused. */
function publish(draft: string, target: string): void {
  try {
    linkSync(draft, target)
  } catch {
    if (isTaken(target)) throw taken(target)
    // A file system without hard links; whatever else is wrong, this fails of it as well.
    renameSync(draft, target)
  }
  flushNames(dirname(target))
}

/** Also by a link that leads nowhere: the disk that it leads to may not be mounted. */
function isTaken(target: string): boolean {
  try {
    return lstatSync(target, { throwIfNoEntry: false }) !== undefined
  } catch {
    // Nothing can be there: what is wrong with the place is told where it is made.
    return false
  }
}

const taken = (target: string) =>
  new StoreError(`${target} exists already: choose another name, or move it away.`)

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
function preparePlace(directory: string, draft: string): void {
  let isDirectory: boolean | undefined
  try {
    isDirectory = statSync(directory, { throwIfNoEntry: false })?.isDirectory()
    // Its name is longer than that of the backup.
    if (isDirectory) lstatSync(draft, { throwIfNoEntry: false })
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
