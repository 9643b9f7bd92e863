import { randomBytes } from 'node:crypto'
import { createServices, readConfig, type Services } from '@latchkey/server'
import { createCluster, createDatabase } from '../packages/server/test/postgres-cluster.ts'
import type { Extent } from './figure.ts'
import { fillDatabase } from './fill-database.ts'
import { type Running, startServing } from './running.ts'
import { type BenchStore, makeStoreIn } from './stores.ts'

/** A database of a PostgreSQL server of our own, and as many servers on it as were asked for. */
export type Fleet = AsyncDisposable & {
  readonly url: string
  readonly store: BenchStore
  readonly servers: readonly Running[]
  /** The store, opened inside this process, which does not follow it. */
  readonly services: Services
}

export async function startFleet(servers: number, keys: number, extent: Extent): Promise<Fleet> {
  const cluster = await createCluster()
  const { url } = await createDatabase(cluster.url)
  const settings = {
    DATABASE_URL: url,
    LATCHKEY_SECRET: randomBytes(32).toString('hex'),
    LATCHKEY_LOG_LEVEL: 'warn',
  }
  const open = () => {
    const { config, secretSource } = readConfig(settings)
    return createServices(config, secretSource)
  }
  const store = await makeStoreIn(
    open,
    { dataDir: '', serverSecret: settings.LATCHKEY_SECRET, keys },
    (fill) =>
      fillDatabase(url, fill, (done) => extent.progress(`filling: ${done.toLocaleString('en')} keys`)),
  )
  const services = await open()
  const started = await Promise.all(Array.from({ length: servers }, () => startServing(settings)))
  return {
    url,
    store,
    servers: started,
    services,
    async [Symbol.asyncDispose]() {
      await Promise.all(started.map((server) => server[Symbol.asyncDispose]()))
      await services.dispose()
      await cluster.dispose()
    },
  }
}
