import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Config, ConfigError, type SecretSource } from './config.ts'
import { prepareDataDir } from './data-dir.ts'
import { assertStrong, readServerSecret } from './server-secret.ts'
import type { GivenSecret } from './settings.ts'
import type { Engine } from './storage/engine.ts'
import type { PostgresOptions } from './storage/postgres/postgres.ts'
import { openSqlite, type SqliteOptions } from './storage/sqlite/sqlite.ts'
import { isStoreThere } from './storage/sqlite/store-files.ts'
import type { WriterHooks } from './storage/sqlite/writer.ts'

export const storeFileOf = (dataDir: string): string => join(dataDir, 'latchkey.db')

/** Whether there is a store where the settings say. Throws StoreError when a database server does not answer, or a file may not be looked at. */
export async function isStoreMade(
  { dataDir }: Pick<Config, 'dataDir'>,
  { databaseUrl }: SecretSource,
): Promise<boolean> {
  if (databaseUrl === null) return isStoreThere(storeFileOf(dataDir))
  const { isPostgresSetUp } = await import('./storage/postgres/inspection.ts')
  return isPostgresSetUp(databaseUrl)
}

/**
 * For every command but those that make a store: a mistake in a path must not look like an empty store. Throws
 * ConfigError when there is none.
 */
export async function assertStoreMade(config: Config, secretSource: SecretSource): Promise<void> {
  if (await isStoreMade(config, secretSource)) return
  throw new ConfigError(
    secretSource.databaseUrl === null
      ? `There is no store at ${resolve(storeFileOf(config.dataDir))}: let LATCHKEY_DATA_DIR name the directory of ` +
          'the service. latchkey serve makes a new store.'
      : 'There is no store in the database that DATABASE_URL names: let it name the one of the service. ' +
          'latchkey serve makes a new store.',
  )
}

/** The server secret. Only the embedded store has a place of its own for one. */
export function prepareSecret(secretSource: SecretSource): GivenSecret {
  const { secret, secretFile, dataDir, databaseUrl } = secretSource
  const isGiven = secret !== null || secretFile !== null
  const isStoreNew = databaseUrl === null && !existsSync(storeFileOf(dataDir))
  // Read before anything is made: a start that is refused leaves nothing behind.
  const given = isGiven ? readServerSecret(secretSource, false) : undefined
  if (isStoreNew && given !== undefined) assertStrong(given)
  if (databaseUrl === null) prepareDataDir(dataDir)
  return given ?? readServerSecret(secretSource, isStoreNew)
}

type StoreHooks = WriterHooks &
  Pick<SqliteOptions, 'disk' | 'onThreadLost'> &
  Pick<PostgresOptions, 'onError' | 'expect'>

/** Opens the store that the settings name. Throws StoreError with one sentence. */
export async function openStore(
  { dataDir, databaseConnections, databaseAcceptOff }: Config,
  { databaseUrl }: SecretSource,
  hooks: StoreHooks,
): Promise<Engine> {
  if (databaseUrl === null) return openSqlite({ file: storeFileOf(dataDir), ...hooks })
  const { openPostgres } = await import('./storage/postgres/postgres.ts')
  return openPostgres({
    url: databaseUrl,
    connectionsMax: databaseConnections,
    acceptedOff: databaseAcceptOff,
    ...hooks,
  })
}
