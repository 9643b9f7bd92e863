import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { StoreError } from './engine.ts'
import { checkSqliteSchema } from './migrations/sqlite.ts'

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
  const partial = `${target}.partial`
  rmSync(partial, { force: true })
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
    const reason = error instanceof Error ? error.message : String(error)
    throw new StoreError(
      `The backup to ${target} failed (${reason}): check the place and its free space.`,
      error,
    )
  } finally {
    database.close()
    removeStore(partial)
  }
}

/** What a backup does not know of the store it takes the place of. */
export type Forgotten = {
  /** Changes that could alter a verdict, at most. */
  readonly revisions: number
  /** Keys that were deleted or disabled and are active in the backup. */
  readonly keyIds: readonly string[]
}

/** `kept`: where the old store is now. Both are undefined when there was none. */
export type Restored = { readonly kept: string | undefined; readonly forgotten: Forgotten | undefined }

/**
 * Puts a backup in the place of a store, under a new epoch and not accepted: no process may go on with what it
 * remembers of the old one, and none may use the new one before the operator has. The old store is kept beside
 * it. Throws StoreError, and then changes nothing.
 */
export function restoreSqlite(copy: string, target: string, suffix: string): Restored {
  if (!existsSync(copy)) throw new StoreError(`There is no backup at ${copy}.`)
  checkCopy(copy)
  makeDirectory(dirname(target))
  const incoming = `${target}.incoming`
  removeStore(incoming)
  const database = new DatabaseSync(copy, { readOnly: true })
  try {
    database.prepare('VACUUM INTO ?').run(incoming)
  } finally {
    database.close()
  }
  const restored = new DatabaseSync(incoming)
  restored.exec(
    'UPDATE head SET epoch = lower(hex(randomblob(16))), revision = revision + 1, is_accepted = 0; DELETE FROM log',
  )
  restored.close()
  const kept = existsSync(target) ? `${target}.${suffix}` : undefined
  if (kept !== undefined) {
    foldLog(target)
    renameSync(target, kept)
  }
  renameSync(incoming, target)
  return { kept, forgotten: kept === undefined ? undefined : compare(kept, target) }
}

/** A restore is often the first thing that happens on a machine. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StoreError(
      `The data directory ${directory} cannot be made (${reason}): choose another with LATCHKEY_DATA_DIR.`,
      error,
    )
  }
}

/** undefined when the old store cannot be read: it may be the reason for the restore. */
function compare(old: string, restored: string): Forgotten | undefined {
  const database = new DatabaseSync(restored, { readOnly: true })
  try {
    database.prepare('ATTACH ? AS old').run(old)
    const { revisions } = database
      .prepare('SELECT o.revision - n.revision + 1 AS revisions FROM old.head o, main.head n')
      .get() as { revisions: number }
    const rows = database
      .prepare(
        `SELECT n.id FROM main.keys n JOIN old.keys o ON o.id = n.id
         WHERE n.status = 'active' AND o.status = 'inactive' ORDER BY n.id`,
      )
      .all()
    return { revisions: Math.max(0, revisions), keyIds: rows.map((row) => String(row.id)) }
  } catch {
    return undefined
  } finally {
    database.close()
  }
}

/** Throws StoreError unless the file is a whole store of ours that this release can read. */
function checkCopy(file: string): void {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    checkSqliteSchema(database)
    const row = database.prepare('PRAGMA integrity_check(1)').get()
    if (row?.integrity_check !== 'ok')
      throw new StoreError(`${file} is damaged (${row?.integrity_check}): use another.`)
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new StoreError(`${file} is not a store of Latchkey, or is damaged: use another.`, error)
  } finally {
    database.close()
  }
}

/** Brings what is still in the log into the file itself. Throws StoreError when someone else has it open. */
function foldLog(file: string): void {
  const database = new DatabaseSync(file)
  try {
    const mode = database.prepare('PRAGMA journal_mode = DELETE').get()
    if (mode?.journal_mode !== 'delete') throw new Error('in use')
  } catch (error) {
    throw new StoreError('The store is in use: stop the service first, then restore.', error)
  } finally {
    database.close()
  }
}

function removeStore(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${file}${suffix}`, { force: true })
}
