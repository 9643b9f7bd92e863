import type { Services } from '@latchkey/server'

/** Opens the store as the settings say, runs `work`, and lets go of it. Throws ConfigError or StoreError. */
export async function withServices<T>(work: (services: Services) => Promise<T>): Promise<T> {
  const { createServices, readConfig } = await import('@latchkey/server')
  const { config, secretSource } = readConfig()
  const services = await createServices(config, secretSource)
  try {
    return await work(services)
  } finally {
    await services.dispose()
  }
}
