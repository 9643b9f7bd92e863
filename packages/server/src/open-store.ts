import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config, SecretSource } from './config.ts'
import { prepareDataDir, readServerSecret } from './server-secret.ts'
import type { Engine } from './storage/engine.ts'
import type { PostgresOptions } from './storage/postgres.ts'
import { openSqlite } from './storage/sqlite.ts'
import type { WriterHooks } from './storage/sqlite-writer.ts'

export const storeFileOf = (dataDir: string): string => join(dataDir, 'latchkey.db')

/** The server secret. Only the embedded store has a place of its own for one. */
export function prepareSecret(secretSource: SecretSource): string {
  const { secret, secretFile, dataDir, databaseUrl } = secretSource
  const isGiven = secret !== null || secretFile !== null
  // Read before anything is made: a start that is refused leaves nothing behind.
  const given = isGiven ? readServerSecret(secretSource, false) : undefined
  if (databaseUrl === null) prepareDataDir(dataDir)
  return given ?? readServerSecret(secretSource, !existsSync(storeFileOf(dataDir)))
}

type StoreHooks = WriterHooks & Pick<PostgresOptions, 'onError' | 'expect'>

/** Opens the store that the settings name. Throws StoreError with one sentence. */
export async function openStore(
  { dataDir, databaseConnections, databaseAcceptOff }: Config,
  { databaseUrl }: SecretSource,
  hooks: StoreHooks,
): Promise<Engine> {
  if (databaseUrl === null) return openSqlite({ file: storeFileOf(dataDir), ...hooks })
  const { openPostgres } = await import('./storage/postgres.ts')
  return openPostgres({
    url: databaseUrl,
    connectionsMax: databaseConnections,
    acceptedOff: databaseAcceptOff,
    ...hooks,
  })
}
