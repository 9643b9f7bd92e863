import { closeSync, openSync, readSync } from 'node:fs'
import { findFileFault } from '../storage/disk-fault.ts'
import { compareSqliteSchema } from '../storage/migrations/sqlite.ts'
import { findWrongCounters, isAccepted, isOpenElsewhere } from '../storage/sqlite/inspection.ts'
import { CheckNotRun, checkIntegrity } from '../storage/sqlite/integrity.ts'
import { findStrangeSqliteObjects } from '../storage/sqlite/objects.ts'
import { isRecentSqlite, SQLITE_VERSION_MIN } from '../storage/sqlite/version.ts'
import { sizeOf } from './data-dir.ts'
import { type Finding, fine, problem, reasonOf, warning } from './finding.ts'
import { diagnoseObjects } from './objects.ts'
import type { StoreState } from './store-state.ts'

const RESTORE = 'Restore a backup.'
const READ_IN =
  'Nothing is known to be wrong with it: start the service, which makes the index again and reads the log in, then ' +
  'look again.'
export const NOT_ACCEPTED = 'The store was restored or replaced since it was last in use, and is refused.'
export const ACCEPT = 'Look at what it may have forgotten, then: latchkey restore --accept.'
const OTHER_DIRECTORY = 'Choose another data directory with LATCHKEY_DATA_DIR.'
const NEWER_RELEASE = 'Start the newer release, or restore a backup made before the upgrade.'

/** Whether the store opens, keeps what it is given, and has the schema of this release. */
export function* diagnoseDatabase(store: StoreState): Generator<Finding> {
  if (store.kind === 'absent') {
    yield fine('database', `there is none at ${store.file} yet; the first start makes it`)
    return
  }
  if (store.kind === 'unreadable') {
    const detail = `${store.file} cannot be read (${store.reason}`
    yield store.fault === undefined
      ? problem('database', `${detail}).`, store.isIndexMissing ? READ_IN : RESTORE)
      : problem('database', `${detail}: ${store.fault.detail}).`, store.fault.remedy)
    return
  }
  const { file, format, database } = store
  if (!format.isOurs) {
    yield problem('database', `${file} belongs to another program.`, OTHER_DIRECTORY)
    return
  }
  const fault = findFileFault(file)
  yield fault === undefined ? durability(store) : problem('database', `${fault.detail}.`, fault.remedy)
  try {
    const difference = compareSqliteSchema(database)
    yield schemaFinding(difference)
    if (difference.newer.length + difference.missing.length === 0)
      yield diagnoseObjects(findStrangeSqliteObjects(database))
    if (!isAccepted(database)) yield problem('restore', NOT_ACCEPTED, ACCEPT)
  } catch (error) {
    yield problem('schema', `It cannot be read (${reasonOf(error)}).`, RESTORE)
  }
}

function durability(store: StoreState & { kind: 'open' }): Finding {
  const { file, bytes, format } = store
  const { sqliteVersion } = format
  if (!isRecentSqlite(sqliteVersion)) {
    const detail = `SQLite ${sqliteVersion} is older than ${SQLITE_VERSION_MIN}.`
    return problem('database', detail, `Run a newer Node than this one (${process.versions.node}).`)
  }
  if (!format.isSynchronous || !isWriteAheadLogged(store)) {
    const detail = `${file} is not in the mode the service needs (write-ahead log, synchronous FULL).`
    return warning('database', detail, 'Start the service, which sets it, or says why it cannot.')
  }
  return fine(
    'database',
    `${file}, ${sizeOf(bytes)}, SQLite ${sqliteVersion}, write-ahead log, synchronous FULL`,
  )
}

/** Bytes 18 and 19 of the header: 2 for a write-ahead log (sqlite.org/fileformat.html §1.3.3). */
function isWriteAheadLogged({ file, isShared, database }: StoreState & { kind: 'open' }): boolean {
  // NOTE: Whoever closes the file itself takes the locks of its whole process away, and that may be the service.
  if (isShared) return database.prepare('PRAGMA journal_mode').get()?.journal_mode === 'wal'
  const versions = new Uint8Array(2)
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, versions, 0, 2, 18)
  } finally {
    closeSync(descriptor)
  }
  return versions.every((version) => version === 2)
}

function schemaFinding({ newer, missing }: ReturnType<typeof compareSqliteSchema>): Finding {
  if (newer.length > 0) {
    return problem('schema', `A newer release wrote the store (${newer.join(', ')}).`, NEWER_RELEASE)
  }
  if (missing.length > 0) {
    const detail = `The store is of an older release (${missing.join(', ')} not applied yet).`
    return warning('schema', detail, 'Back up, then start the service: it brings the store up to date.')
  }
  return fine('schema', 'that of this release')
}

/** Reads the whole store: its pages, then its counters against the rows they count. */
export async function* diagnoseIntegrity(
  store: StoreState,
  onProgress: (text: string) => void,
): AsyncGenerator<Finding> {
  if (store.kind !== 'open' || !store.format.isOurs) return
  let faults: string[]
  try {
    faults = await integrityFaults(store, onProgress)
  } catch (error) {
    if (!(error instanceof CheckNotRun)) throw error
    const remedy = 'Nothing is known to be wrong with it. Install Latchkey again, then look again.'
    yield problem('integrity', `It could not be checked: ${reasonOf(error.cause)}.`, remedy)
    return
  }
  if (faults.length > 0) {
    yield problem('integrity', `${store.file} is damaged: ${faults[0]}`, RESTORE)
    return
  }
  yield fine('integrity', 'every page, row and index checked')
  yield countersFinding(store)
}

async function integrityFaults(
  { file, bytes }: StoreState & { kind: 'open' },
  onProgress: (text: string) => void,
): Promise<string[]> {
  const check = async () => {
    try {
      return await checkIntegrity(file, (seconds) =>
        onProgress(`checking ${sizeOf(bytes)} of database, ${seconds} s so far`),
      )
    } catch (error) {
      if (error instanceof CheckNotRun) throw error
      return [reasonOf(error)]
    }
  }
  const wasInUse = isOpenElsewhere(file)
  const faults = await check()
  // A service that started meanwhile moves pages under a reader who took the file for unused: look again.
  return faults.length > 0 && !wasInUse && isOpenElsewhere(file) ? check() : faults
}

function countersFinding({ database }: StoreState & { kind: 'open' }): Finding {
  try {
    // A counter may count what an older release does not have.
    if (compareSqliteSchema(database).missing.length > 0)
      return fine('counters', 'compared after the upgrade')
    const wrong = findWrongCounters(database)
    if (wrong.length === 0) return fine('counters', 'equal to the rows they count')
    const more = wrong.length === 1 ? '' : ` (and ${wrong.length - 1} more)`
    const remedy = 'Totals of lists are wrong, verdicts are not. Please report it, or restore a backup.'
    return problem('counters', `${wrong[0]}${more}`, remedy)
  } catch (error) {
    return problem('counters', `They cannot be read (${reasonOf(error)}).`, RESTORE)
  }
}
