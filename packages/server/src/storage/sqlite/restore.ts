import { existsSync, linkSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { findDiskFault, sentenceOf } from '../disk-fault.ts'
import { StoreError } from '../engine.ts'
import { makeDirectory } from '../make-directory.ts'
import { checkCopy, openCopy } from './copy.ts'
import { isBusy, isDamaged } from './errors.ts'
import { type Forgotten, findForgotten } from './forgotten.ts'
import { draftOf, explainFailure, flushNames, PARTS, removeAbandoned, removeStore } from './store-files.ts'

/** A store that a restore kept: the name of the store, this, and the time. */
const KEPT = 'before-restore-'

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
  removeAbandoned(target)
  const draft = draftOf(target)
  let held: Held | undefined
  let acceptedAt: string | undefined
  try {
    copyInto(copy, draft)
    held = existsSync(target) ? hold(target) : undefined
    if (held !== undefined) acceptedAt = findAcceptedAt(held.head, time)
    beginUnaccepted(draft, acceptedAt)
    if (held === undefined) putFirst(draft, target, keptAt(target, time))
    else replace(draft, target, keptAt(target, time), held)
    flushNames(dirname(target))
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new StoreError(`The restore to ${target} failed${explainFailure(target, error)}`, error)
  } finally {
    held?.release()
    removeStore(draft)
  }
  return { kept: held && keptAt(target, time), ...compare(target, acceptedAt) }
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

function copyInto(copy: string, draft: string): void {
  const database = openCopy(copy)
  try {
    database.prepare('VACUUM INTO ?').run(draft)
  } finally {
    database.close()
  }
}

/**
 * The epoch of a store that is not accepted ends with the time when the last accepted one was kept, so that the two belong
 * together whatever else lies beside them. Accepting begins another epoch.
 */
function beginUnaccepted(draft: string, acceptedAt: string | undefined): void {
  const database = new DatabaseSync(draft)
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
    return headIn(database)
  } catch {
    return undefined
  } finally {
    database?.close()
  }
}

function headIn(database: DatabaseSync): StoredHead | undefined {
  try {
    const row = database.prepare('SELECT epoch, is_accepted FROM head').get()
    return row && { epoch: String(row.epoch), isAccepted: row.is_accepted === 1 }
  } catch {
    return undefined
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

/** A store that nobody else can open. `head` undefined: it cannot be read. */
type Held = { readonly head: StoredHead | undefined; release(): void }

/**
 * Brings what is still in the log into the file itself, and keeps everybody out until the new store is in its place: whoever
 * came in between would go on with the old one, and write its log beside the new. That of a file that is damaged stays where
 * it is, and no service opens such a file. Throws StoreError when someone else has it open.
 */
function hold(file: string): Held {
  const database = new DatabaseSync(file)
  const release = () => {
    if (database.isOpen) database.close()
  }
  try {
    // With this, what is locked stays locked from one statement to the next.
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    const mode = database.prepare('PRAGMA journal_mode = DELETE').get()
    if (mode?.journal_mode !== 'delete') throw inUse()
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    release()
    if (!isDamaged(error)) throw isBusy(error) ? inUse(error) : error
  }
  return { head: database.isOpen ? headIn(database) : undefined, release }
}

const inUse = (cause?: unknown) =>
  new StoreError('The store is in use: stop the service first, then restore.', cause)

function replace(draft: string, target: string, kept: string, held: Held): void {
  keepStore(target, kept)
  // There nobody renames a file that is open.
  if (process.platform === 'win32') held.release()
  renameSync(draft, target)
}

/** Where there is no store. One that a service makes just now is not taken from under it. */
function putFirst(draft: string, target: string, kept: string): void {
  if (existsSync(target)) throw inUse()
  keepStore(target, kept)
  try {
    linkSync(draft, target)
  } catch {
    if (existsSync(target)) throw inUse()
    renameSync(draft, target)
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
