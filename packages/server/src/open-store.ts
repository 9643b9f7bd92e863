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
  const { dataDir, databaseUrl } = secretSource
  if (databaseUrl !== null) return readServerSecret(secretSource, false)
  prepareDataDir(dataDir)
  return readServerSecret(secretSource, !existsSync(storeFileOf(dataDir)))
}

type StoreHooks = WriterHooks & Pick<PostgresOptions, 'onError' | 'expect'>

/** Opens the store that the settings name. Throws StoreError with one sentence. */
export async function openStore(
  { dataDir, databaseConnections }: Config,
  { databaseUrl }: SecretSource,
  hooks: StoreHooks,
): Promise<Engine> {
  if (databaseUrl === null) return openSqlite({ file: storeFileOf(dataDir), ...hooks })
  const { openPostgres } = await import('./storage/postgres.ts')
  return openPostgres({ url: databaseUrl, connectionsMax: databaseConnections, ...hooks })
}
