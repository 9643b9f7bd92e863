import { closeSync, existsSync, lstatSync, openSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from './config.ts'
import { explainWriteError, sentenceOf } from './storage/disk-fault.ts'
import { findKernelPlace, makeDirectory } from './storage/make-directory.ts'

/** Everything that the service keeps there. */
const FILES = ['latchkey.db', 'latchkey.db-wal', 'latchkey.db-shm', 'latchkey.db-journal', 'server.secret']

/** Makes the data directory (0700) if need be. Throws ConfigError when it cannot be used. */
export function prepareDataDir(dataDir: string): void {
  const kernelPlace = findKernelPlace(dataDir)
  if (kernelPlace !== undefined) throw new ConfigError(`${inKernel(dataDir, kernelPlace)} ${ANOTHER}`)
  try {
    makeDirectory(dataDir)
    const probe = join(dataDir, `.write-test-${process.pid}`)
    rmSync(probe, { force: true })
    closeSync(openSync(probe, 'wx', 0o600))
    rmSync(probe)
  } catch (error) {
    throw new ConfigError(explain(dataDir, error as NodeJS.ErrnoException))
  }
  const [link] = findLinks(dataDir)
  if (link !== undefined) {
    throw new ConfigError(
      `${link} is a symbolic link, and whoever made it could lead the service to write elsewhere: ` +
        'put the file itself there, or let LATCHKEY_DATA_DIR name the directory that it is in.',
    )
  }
}

/** What is wrong with a place in /proc, /sys and their like. */
export const inKernel = (dataDir: string, kernelPlace: string): string =>
  `The data directory ${dataDir} lies in ${kernelPlace}, which the kernel makes up: nothing can be kept there.`

const ANOTHER = 'Let LATCHKEY_DATA_DIR name a directory on a disk.'

/** Whether it is a link to a place that is not there, such as a disk that is not mounted. */
export function isDangling(place: string): boolean {
  try {
    const isLink = lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true
    return isLink && statSync(place, { throwIfNoEntry: false }) === undefined
  } catch {
    // Something above it is a file, or may not be looked at: that is said of it.
    return false
  }
}

/** Files of the service that are links to others. The directory itself may be one. */
export function findLinks(dataDir: string): string[] {
  return FILES.map((name) => join(dataDir, name)).filter((file) =>
    lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink(),
  )
}

function explain(dataDir: string, error: NodeJS.ErrnoException): string {
  const fault = explainWriteError(error, dataDir)
  if (fault !== undefined) return `The data directory ${dataDir} cannot be written: ${sentenceOf(fault)}`
  // Its path fills a screen.
  if (error.code === 'ENAMETOOLONG') {
    return `The path of the data directory is too long (${dataDir.length} characters): let LATCHKEY_DATA_DIR name another.`
  }
  if (isDangling(dataDir)) {
    return (
      `The data directory ${dataDir} is a symbolic link to a place that is not there: mount or make that, or let ` +
      'LATCHKEY_DATA_DIR name another.'
    )
  }
  // EEXIST: it is the place itself; ENOTDIR: something above it.
  if (error.code === 'EEXIST' || error.code === 'ENOTDIR') {
    return (
      `The data directory ${dataDir} is a file, or lies in one: let LATCHKEY_DATA_DIR name a directory. It is made ` +
      'where there is none.'
    )
  }
  return `The data directory ${dataDir} cannot be written (${error.message}): ${orderFor(dataDir, error)} or choose another with LATCHKEY_DATA_DIR.`
}

/** In a container nobody sees by what number the service runs. */
function orderFor(dataDir: string, { code }: NodeJS.ErrnoException): string {
  const user = process.getuid?.()
  if (code !== 'EACCES' || user === undefined) return 'correct its permissions'
  const order = existsSync(dataDir) ? 'give it' : 'make it, and give it'
  return `${order} to the user that the service runs as (number ${user}),`
}
