import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Secret } from '@latchkey/core/secret'
import type { Config } from '@latchkey/server'

/**
 * Where the first admin key goes: to a file when the settings name one, or when nobody is at a terminal (a log
 * is no place for a key); else undefined, to the terminal. The file is tried before the key is made, so that
 * no key is made which cannot be delivered. Throws Error with one sentence.
 */
export function openAdminKeyFile(config: Pick<Config, 'bootstrapKeyFile' | 'dataDir'>): string | undefined {
  const file = config.bootstrapKeyFile ?? (process.stdout.isTTY ? undefined : fileIn(config.dataDir))
  // Appending nothing: of two first starts at once, the later must not empty what the other has delivered.
  if (file !== undefined) writePrivate(file, '', 'a')
  return file === undefined ? undefined : resolve(file)
}

/** With a database server there is no data directory yet. */
function fileIn(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  return join(dataDir, 'admin.key')
}

/** Hands the key over and answers how it goes into a shell command. */
export function deliverAdminKey(secret: Secret, file: string | undefined): string {
  if (file === undefined) return secret.reveal()
  writePrivate(file, `${secret.reveal()}\n`, 'w')
  return `$(cat '${file.replaceAll("'", "'\\''")}')`
}

function writePrivate(file: string, text: string, flag: 'a' | 'w'): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag })
    // The mode above counts for a new file only.
    chmodSync(file, 0o600)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw Object.assign(
      new Error(
        `The admin key cannot be written to ${file} (${reason}): correct LATCHKEY_BOOTSTRAP_KEY_FILE.`,
      ),
      { name: 'ConfigError' },
    )
  }
}
