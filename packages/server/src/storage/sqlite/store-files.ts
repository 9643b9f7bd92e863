import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readdirSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { explainWriteError, findDiskFault, sentenceOf } from '../disk-fault.ts'
import { StoreError } from '../engine.ts'

/** What SQLite puts beside a file belongs to it, and to no other of its name. */
export const PARTS = ['', '-wal', '-shm', '-journal']

/** Throws StoreError when this user may not even look: that must not read as if there were none. */
export function isStoreThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EACCES') return false
    throw new StoreError(
      `This user may not look at ${file}: run this as the user that the service runs as, or as root.`,
      error,
    )
  }
}

export function removeStore(file: string): void {
  for (const part of PARTS) rmSync(`${file}${part}`, { force: true })
}

/** A name beside `file` for what is not whole yet: nobody else's, and one from which its process is known. */
export const draftOf = (file: string): string =>
  `${file}.partial-${process.pid}-${randomBytes(4).toString('hex')}`

/** What processes left that were killed over a draft of `file`. Those that are still at work keep theirs. */
export function removeAbandoned(file: string): void {
  const start = `${basename(file)}.partial-`
  for (const name of namesIn(dirname(file)).filter((name) => name.startsWith(start))) {
    const pid = /^(\d+)-[0-9a-f]{8}(-journal|-wal|-shm)?$/.exec(name.slice(start.length))?.[1]
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(dirname(file), name), { force: true })
  }
}

/** None where this user may write and not look. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Anything else is said of one that runs and belongs to another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Has the disk keep the names in a directory: without it a power failure may take back a new one. */
export function flushNames(directory: string): void {
  let descriptor: number | undefined
  try {
    descriptor = openSync(directory, 'r')
    fsyncSync(descriptor)
  } catch {
    // Not every system lets a directory be opened. The files themselves are on disk.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** SQLite tells nothing of what the operating system said. */
export function explainFailure(target: string, error: unknown): string {
  const fault = findDiskFault(target) ?? explainWriteError(error, dirname(target))
  if (fault !== undefined) return `: ${sentenceOf(fault)}`
  const reason = error instanceof Error ? error.message : String(error)
  return ` (${reason}): check the place and its free space.`
}
