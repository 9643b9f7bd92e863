import { hkdfSync, randomBytes } from 'node:crypto'
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { weaknessOf } from '@latchkey/core/secret-strength'
import { COMMENT, ConfigError, type SecretSource } from './config.ts'
import { type GivenSecret, serverSecret } from './settings.ts'
import { explainWriteError, sentenceOf } from './storage/disk-fault.ts'
import { readGivenFile } from './storage/given-file.ts'

/** Keys derived from the server secret, one for each use. None of them is ever stored. */
export type DerivedKeys = {
  readonly fingerprint: Buffer
  readonly audit: Buffer
  readonly idempotency: Buffer
  /** Seals what hashes of other systems were made with. */
  readonly imports: Buffer
  readonly invitation: Buffer
  /** Of the links that open the console the first time. */
  readonly consoleLink: Buffer
  readonly password: Buffer
  /** Seed of the Ed25519 key that signs tokens. */
  readonly signing: Buffer
  readonly check: Buffer
}

const KEY_BYTES = 32

/** The server secret from where the settings say, or from the data directory, where it is made with the store. */
export function readServerSecret(source: SecretSource, isStoreNew: boolean): GivenSecret {
  if (source.secret !== null) return source.secret
  if (source.secretFile !== null) return readSecretFile(source.secretFile)
  const file = secretFileOf(source.dataDir)
  // A store without its secret is not a new one: a fresh secret would only hide what happened.
  if (isStoreNew && !existsSync(file)) makeSecretFile(file)
  const secret = readSecretFile(file)
  assertPrivate(file)
  return secret
}

/**
 * Throws ConfigError when everybody on the machine may read it. A group may: Kubernetes gives the files of a volume to
 * one (fsGroup), and doctor warns of it.
 */
function assertPrivate(file: string): void {
  const { mode } = statSync(file)
  if (process.platform === 'win32' || (mode & 0o007) === 0) return
  throw new ConfigError(
    `The server secret ${file} can be read by every user of this machine (mode ${(mode & 0o777).toString(8)}): ` +
      `chmod 600 '${file}'. Who may have read it can make keys for itself.`,
  )
}

export const secretFileOf = (dataDir: string): string => join(dataDir, 'server.secret')

function makeSecretFile(file: string): void {
  const draft = `${file}.${process.pid}`
  try {
    // On disk before the store can be: a store whose secret went with the power would be lost whole.
    rmSync(draft, { force: true })
    writeFileSync(draft, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true })
    chmodSync(draft, 0o600)
    publish(draft, file)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    const fault = explainWriteError(error, dirname(file))
    const why = fault === undefined ? ` (${reason(error)}).` : `: ${sentenceOf(fault)}`
    throw new ConfigError(`The server secret ${file} cannot be written${why}`)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** File systems without hard links answer with one of these. */
const LINKLESS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/**
 * A link is there whole or not at all, whenever the process is killed; of two processes that start at once
 * one makes it and the other reads it. Throws EEXIST.
 */
function publish(draft: string, file: string): void {
  try {
    linkSync(draft, file)
  } catch (error) {
    if (!LINKLESS.includes(codeOf(error) ?? '')) throw error
    copyFileSync(draft, file, constants.COPYFILE_EXCL)
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

/** In a file of settings: some readers take them away and some do not, and the same line is two secrets. */
const DRESSINGS = [
  { pattern: /^(["']).*\1$/s, what: 'quotes around it', remedy: 'leave them out' },
  { pattern: COMMENT, what: 'a comment behind it', remedy: 'give it a line of its own' },
] as const

export const dressingOf = ({ text }: GivenSecret): (typeof DRESSINGS)[number] | undefined =>
  DRESSINGS.find(({ pattern }) => pattern.test(text))

/**
 * Throws ConfigError unless the secret is strong enough to make a store with, and the same whoever reads it. A store that
 * has one goes on with it.
 */
export function assertStrong(given: GivenSecret): void {
  const dressing = dressingOf(given)
  if (dressing !== undefined) {
    const { what, remedy } = dressing
    throw new ConfigError(
      `The server secret has ${what}, which a shell takes away and others (docker --env-file) do not: ${remedy}.`,
    )
  }
  const weakness = weaknessOf(given.text)
  if (weakness === undefined) return
  throw new ConfigError(
    `The server secret ${weakness}, and could be found out from a token: use a random one (openssl rand -hex 32 makes one).`,
  )
}

/** Throws ConfigError: what is wrong, and what to do. */
export function readSecretFile(file: string): GivenSecret {
  let text: string
  try {
    text = readGivenFile(file).toString('utf8').trim()
  } catch (error) {
    throw new ConfigError(
      `The server secret ${file} cannot be read (${reason(error)}): without it no stored key can be found. ` +
        'Put the file back or correct its permissions, or say with LATCHKEY_SECRET_FILE where it is.',
    )
  }
  try {
    return serverSecret(text)
  } catch (error) {
    throw new ConfigError(`The server secret in ${file} ${reason(error)}.`)
  }
}

/** HKDF-SHA-256 (RFC 5869) with a label for each use. */
export function deriveKeys(secret: string): DerivedKeys {
  const derive = (use: string) =>
    Buffer.from(hkdfSync('sha256', secret, 'latchkey', `latchkey/1/${use}`, KEY_BYTES))
  return {
    fingerprint: derive('fingerprint'),
    audit: derive('audit'),
    idempotency: derive('idempotency'),
    imports: derive('imports'),
    invitation: derive('invitation'),
    consoleLink: derive('console link'),
    password: derive('password'),
    signing: derive('token signing'),
    check: derive('check'),
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
