import type { Secret } from '@latchkey/core/secret'
import type { Config, SecretSource, Services } from '@latchkey/server'
import {
  adminKeyFile,
  assertAdminKeyFile,
  deliverAdminKey,
  isInDataDir,
  openAdminKeyFile,
  takeBackAdminKey,
} from './admin-key.ts'

/**
 * Refuses, before a store is made, a place where its admin key could not go. A later start writes nothing there, so
 * what has become of the place is nothing to it. Throws ConfigError with one sentence.
 */
export async function assertKeyDeliverable(config: Config, secretSource: SecretSource): Promise<void> {
  const { isStoreMade } = await import('@latchkey/server')
  const file = adminKeyFile(config)
  if (file === undefined) return
  try {
    assertAdminKeyFile(file, config)
  } catch (error) {
    if (!(await isStoreMade(config, secretSource))) throw error
  }
}

/** How the new admin key goes into a curl line; undefined when the store had one already. */
export async function makeAdminKey(services: Services): Promise<string | undefined> {
  const { bootstrap, isBootstrapped, prepareDataDir } = await import('@latchkey/server')
  if (await isBootstrapped(services)) return undefined
  const { dataDir } = services.config
  const file = adminKeyFile(services.config)
  if (file !== undefined) {
    // With a database server there is none yet.
    if (isInDataDir(file, dataDir)) prepareDataDir(dataDir)
    openAdminKeyFile(file)
  }
  let keyText: string | undefined
  let delivered: Secret | undefined
  const made = await bootstrap(services, async ({ secret }) => {
    keyText = await deliverAdminKey(secret, file)
    delivered = secret
  })
  if (made !== undefined) return keyText
  // The store took it back, and another server made one meanwhile.
  if (delivered !== undefined && file !== undefined) takeBackAdminKey(delivered, file)
  return undefined
}
