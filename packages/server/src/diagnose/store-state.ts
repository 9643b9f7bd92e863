import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { type DiskFault, findDiskFault } from '../storage/disk-fault.ts'
import { isDamaged } from '../storage/sqlite/errors.ts'
import {
  isOpenElsewhere,
  NoLogIndexError,
  openForInspection,
  readFormat,
  type StoreFormat,
} from '../storage/sqlite/inspection.ts'
import { reasonOf } from './finding.ts'

/** The embedded store as it was found. */
export type StoreState =
  | { readonly kind: 'absent'; readonly file: string }
  | {
      readonly kind: 'unreadable'
      readonly file: string
      readonly reason: string
      readonly fault: DiskFault | undefined
      /** SQLite makes it by itself for whoever may write: nothing is known to be wrong. */
      readonly isIndexMissing: boolean
    }
  | {
      readonly kind: 'open'
      readonly file: string
      readonly bytes: number
      /** A process has it open, perhaps this one. */
      readonly isShared: boolean
      readonly database: DatabaseSync
      readonly format: StoreFormat
    }

/** Opens the store for reading only. Whoever asks closes it. */
export function inspectStore(file: string): StoreState {
  let database: DatabaseSync | undefined
  try {
    const found = statSync(file, { throwIfNoEntry: false })
    if (found === undefined) return { kind: 'absent', file }
    const isShared = isOpenElsewhere(file)
    database = openForInspection(file, isShared)
    return { kind: 'open', file, bytes: found.size, isShared, database, format: readFormat(database) }
  } catch (error) {
    database?.close()
    return {
      kind: 'unreadable',
      file,
      reason: reasonOf(error),
      fault: isDamaged(error) ? undefined : findDiskFault(file),
      isIndexMissing: error instanceof NoLogIndexError,
    }
  }
}

/** Asks an open store; undefined when there is none, or the question could not be answered. */
export function ask<T>(store: StoreState, question: (database: DatabaseSync) => T): T | undefined {
  if (store.kind !== 'open') return undefined
  try {
    return question(store.database)
  } catch {
    // Whatever keeps it from answering is what the check of the database itself is about.
    return undefined
  }
}
