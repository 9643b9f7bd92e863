import { closeSync, lstatSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from './config.ts'
import { explainWriteError, sentenceOf } from './storage/disk-fault.ts'

/** Everything that the service keeps there. */
const FILES = ['latchkey.db', 'latchkey.db-wal', 'latchkey.db-shm', 'latchkey.db-journal', 'server.secret']

/** Makes the data directory (0700) if need be. Throws ConfigError when it cannot be used. */
export function prepareDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
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

/** Files of the service that are links to others. The directory itself may be one. */
export function findLinks(dataDir: string): string[] {
  return FILES.map((name) => join(dataDir, name)).filter((file) =>
    lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink(),
  )
}

function explain(dataDir: string, error: NodeJS.ErrnoException): string {
  const fault = explainWriteError(error, dataDir)
  if (fault !== undefined) return `The data directory ${dataDir} cannot be written: ${sentenceOf(fault)}`
  // EEXIST: it is the place itself; ENOTDIR: something above it.
  if (error.code === 'EEXIST' || error.code === 'ENOTDIR') {
    return (
      `The data directory ${dataDir} is a file, or lies in one: let LATCHKEY_DATA_DIR name a directory. It is made ` +
      'where there is none.'
    )
  }
  return (
    `The data directory ${dataDir} cannot be written (${error.message}): ` +
    'correct its permissions or choose another with LATCHKEY_DATA_DIR.'
  )
}
