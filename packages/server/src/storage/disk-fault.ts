import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** What keeps a place from being written to, and what to do about it. */
export type DiskFault = { readonly detail: string; readonly remedy: string }

/** Says what an error of the operating system means for whoever writes there; undefined: something else. */
export function explainWriteError(error: unknown, place: string): DiskFault | undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') return isOutOfFiles(place) ? outOfFiles(place) : full(place)
  if (code === 'EDQUOT') {
    return {
      detail: `the quota of this user for ${place} is used up`,
      remedy: 'Raise the quota, or make room.',
    }
  }
  if (code !== 'EROFS') return undefined
  return {
    detail: `the file system under ${place} is read-only`,
    remedy:
      'Mount it for writing. When it was until now, its disk may have failed: look at the log of the kernel.',
  }
}

const full = (place: string): DiskFault => ({
  detail: `the disk under ${place} is full`,
  remedy: 'Make room there, or enlarge it: what is stored is safe.',
})

const outOfFiles = (place: string): DiskFault => ({
  detail: `the file system under ${place} can hold no more files (inodes)`,
  remedy: 'Remove files that are not needed: what is stored is safe.',
})

/** Some file systems count no files, and say 0 of 0. */
function isOutOfFiles(place: string): boolean {
  try {
    const { files, ffree } = statfsSync(place)
    return files > 0 && ffree === 0
  } catch {
    return false
  }
}

/** What SQLite makes beside its file before it can even read: its shared memory, and the head of its log. */
const PROBE_BYTES = 64 * 1024

/**
 * Why the store at `file` cannot be opened: tries what SQLite would do, since SQLite says “disk I/O error” to most of
 * it. undefined: no fault of the place.
 */
export function findDiskFault(file: string): DiskFault | undefined {
  const directory = dirname(file)
  const probe = join(directory, `.write-test-${process.pid}`)
  try {
    assertAccess(file)
    tryWriting(probe)
  } catch (error) {
    const { path } = error as NodeJS.ErrnoException
    return explainAccess(error, directory, path === probe ? directory : path)
  }
  return undefined
}

/** The same of the files that are there, and nothing is tried. */
export function findFileFault(file: string): DiskFault | undefined {
  try {
    assertAccess(file)
  } catch (error) {
    return explainAccess(error, dirname(file), (error as NodeJS.ErrnoException).path)
  }
  return undefined
}

function assertAccess(file: string): void {
  for (const name of ['', '-wal', '-shm'].map((end) => `${file}${end}`)) {
    if (existsSync(name)) accessSync(name, constants.R_OK | constants.W_OK)
  }
}

function explainAccess(error: unknown, directory: string, place = directory): DiskFault | undefined {
  const known = explainWriteError(error, directory)
  if (known !== undefined) return known
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'EACCES' && code !== 'EPERM') return undefined
  return {
    detail: `${place} cannot be read and written by this user`,
    remedy: 'Give it to the user that the service runs as (chown), or run this as that user.',
  }
}

function tryWriting(probe: string): void {
  rmSync(probe, { force: true })
  const descriptor = openSync(probe, 'wx', 0o600)
  try {
    const bytes = Buffer.alloc(PROBE_BYTES, 1)
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written)
  } finally {
    closeSync(descriptor)
    rmSync(probe, { force: true })
  }
}

/** As one sentence that goes on after a colon. */
export const sentenceOf = ({ detail, remedy }: DiskFault): string => `${detail}. ${remedy}`
