import type { Services } from '@latchkey/server'

/** What a command makes where it is missing: `tables` in a database that is there, which their owner does by itself. */
type Making = { readonly makes: 'a store' | 'tables' | 'nothing' }

/** Opens the store as the settings say, runs `work`, and lets go of it. Throws ConfigError or StoreError. */
export async function withServices<T>(
  { makes }: Making,
  work: (services: Services) => Promise<T>,
): Promise<T> {
  const { assertStoreMade, createServices, readConfig } = await import('@latchkey/server')
  const { config, secretSource } = readConfig()
  const mayMake = makes === 'a store' || (makes === 'tables' && secretSource.databaseUrl !== null)
  if (!mayMake) await assertStoreMade(config, secretSource)
  const services = await createServices(config, secretSource)
  try {
    return await work(services)
  } finally {
    await services.dispose()
  }
}
