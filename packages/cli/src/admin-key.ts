import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  type Stats,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Secret } from '@latchkey/core/secret'
import type { Config } from '@latchkey/server'
import { ConfigError } from './config-error.ts'
import { print } from './print.ts'

type Places = Pick<Config, 'bootstrapKeyFile' | 'dataDir'>

/**
 * Where the first admin key goes: to a file when the settings name one, or when nobody is at a terminal (a log
 * is no place for a key); else undefined, to the terminal.
 */
export function adminKeyFile({ bootstrapKeyFile, dataDir }: Places): string | undefined {
  if (bootstrapKeyFile !== null) return resolve(bootstrapKeyFile)
  return process.stdout.isTTY ? undefined : resolve(dataDir, 'admin.key')
}

/**
 * Looks, before a store is made, whether the key could be delivered; makes and changes nothing. Throws ConfigError
 * with one sentence.
 */
export function assertAdminKeyFile(file: string, { dataDir }: Pick<Config, 'dataDir'>): void {
  const isInside = isInDataDir(file, dataDir)
  if (isInside && OF_THE_SERVICE.test(basename(file)))
    throw new ConfigError(
      `${nameOf(file)} is where the service keeps something else: let LATCHKEY_BOOTSTRAP_KEY_FILE name a file of its own.`,
    )
  let found: Stats | undefined
  try {
    found = lstatSync(file, { throwIfNoEntry: false })
  } catch (error) {
    // What is wrong with the data directory is told when it is made.
    if (isInside) return
    throw cannotWrite(file, error)
  }
  if (found !== undefined) assertReplaceable(file, found)
  else if (!isInside) assertDirectory(file)
}

/** In the data directory. What is not there yet when the key is written would take its place, or the key that of it. */
const OF_THE_SERVICE = /^(?:latchkey\.db(?:-.*)?|server\.secret|console\.link)$/

/**
 * Opens the file for the key, before the key is made: no key is made which cannot be delivered. What is there is left
 * as it is. Throws ConfigError with one sentence.
 */
export function openAdminKeyFile(file: string): void {
  try {
    closeSync(openPrivate(file))
  } catch (error) {
    throw cannotWrite(file, error)
  }
}

/**
 * Hands the key over, for good, before the store has it: a kill at any moment leaves either a key that works, or a
 * store that makes another at the next start. Answers how the key goes into a shell command.
 */
export async function deliverAdminKey(secret: Secret, file: string | undefined): Promise<string> {
  if (file === undefined) {
    await print(`Admin key  ${secret.reveal()}\n\n`)
    return secret.reveal()
  }
  try {
    const descriptor = openPrivate(file)
    try {
      ftruncateSync(descriptor)
      writeFileSync(descriptor, `${secret.reveal()}\n`)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    keepName(file)
  } catch (error) {
    throw cannotWrite(file, error)
  }
  return `$(cat '${file.replaceAll("'", "'\\''")}')`
}

/** Empties the file of a key that never came to be, unless another one stands there by now. */
export function takeBackAdminKey(secret: Secret, file: string): void {
  if (readFileSync(file, 'utf8') === `${secret.reveal()}\n`) truncateSync(file)
}

/** A file is durable when its name is, too. */
function keepName(file: string): void {
  // Windows opens no directories, and keeps names by itself.
  if (process.platform === 'win32') return
  const descriptor = openSync(dirname(file), 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** That directory is made, or found not to be writable, with the store. */
export const isInDataDir = (file: string, dataDir: string): boolean => dirname(file) === resolve(dataDir)

/** Of Windows' files there are neither links that mislead nor pipes that wait. */
const { O_WRONLY, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants

function openPrivate(file: string): number {
  const descriptor = openSync(file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
  try {
    assertReplaceable(file, fstatSync(descriptor))
    // The mode above counts for a new file only.
    fchmodSync(descriptor, 0o600)
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** A key, or what a power cut leaves of one: nothing, or zeros. */
const KEY_OR_NOTHING = /^(?:[a-z][a-z0-9]{0,15}_(?:live|test)_[0-9A-Za-z]{49}\n?|\0*)$/
const BYTES_MAX = 200

/** Throws ConfigError unless it is a regular file that holds nothing, or a key that this one replaces. */
function assertReplaceable(file: string, found: Stats): void {
  if (!found.isFile()) {
    throw new ConfigError(
      `${nameOf(file)} is a ${kindOf(found)}, and the admin key goes into a regular file only: ` +
        'let LATCHKEY_BOOTSTRAP_KEY_FILE name a file that is not there yet.',
    )
  }
  if (found.size <= BYTES_MAX && KEY_OR_NOTHING.test(readFileSync(file, 'utf8'))) return
  throw new ConfigError(
    `${nameOf(file)} holds something else than a key, which the admin key would overwrite: ` +
      'move it away, or let LATCHKEY_BOOTSTRAP_KEY_FILE name a file that is not there yet.',
  )
}

const nameOf = (file: string): string => `The file for the admin key, ${file},`

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return 'symbolic link'
  if (found.isDirectory()) return 'directory'
  if (found.isFIFO()) return 'pipe'
  return found.isSocket() ? 'socket' : 'device'
}

function assertDirectory(file: string): void {
  const directory = dirname(file)
  try {
    accessSync(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw cannotWrite(join(directory, '…'), error)
  }
}

const NO_ROOM = ['ENOSPC', 'EDQUOT']

function cannotWrite(file: string, error: unknown): ConfigError {
  if (error instanceof ConfigError) return error
  const reason = error instanceof Error ? error.message : String(error)
  const { code = '' } = error as NodeJS.ErrnoException
  const remedy = NO_ROOM.includes(code)
    ? 'make room there, then start again'
    : 'correct LATCHKEY_BOOTSTRAP_KEY_FILE'
  return new ConfigError(`The admin key cannot be written to ${file} (${reason}): ${remedy}.`)
}
