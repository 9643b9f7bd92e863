/** A first start on an empty store, killed at any moment: the next one ends with an admin key that works. */
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServices, readConfig } from '@latchkey/server'
import { verifyStore } from '@latchkey/server/commands'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Cluster, createCluster, createDatabase } from '../packages/server/test/postgres-cluster.ts'
import { call } from './calling.ts'
import { createHome, type Home } from './running.ts'

/** Of each store and place. */
const CYCLES = Number(process.env.KILL_CYCLES ?? 1)
/** Two or three starts of a process, of a second each on a quiet machine. */
const CYCLE_MS_MAX = 120_000
/** The kill falls anywhere within a start, which takes about this long before one was measured. */
let startMs = 1_500

let cluster: Cluster
let home: Home

beforeAll(async () => {
  home = createHome()
  cluster = await createCluster()
}, CYCLE_MS_MAX)
afterAll(async () => {
  await home.dispose()
  await cluster?.dispose()
})

it.each([
  ['SQLite', 'in admin.key'],
  ['SQLite', 'in the file that was named'],
  ['PostgreSQL', 'in admin.key'],
  ['PostgreSQL', 'in the file that was named'],
] as const)(
  `on %s, the key is %s, ${CYCLES} times`,
  async (store, place) => {
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const database = store === 'PostgreSQL' ? await createDatabase(cluster.url) : undefined
      const named = place === 'in admin.key' ? undefined : join(home.directory, 'the key')
      const settings = {
        LATCHKEY_SECRET: '7d4e9a1c58f03b62e7a9d5c41f8b0e36',
        LATCHKEY_LOG_LEVEL: 'error',
        ...(database === undefined ? {} : { DATABASE_URL: database.url }),
        ...(named === undefined ? {} : { LATCHKEY_BOOTSTRAP_KEY_FILE: named }),
      }
      // Every other time a second one meets what the first has left.
      for (let start = 0; start <= cycle % 2; start++) await killedStart(settings)
      await expectStarted(settings, named ?? join(home.dataDir, 'admin.key'))
      rmSync(home.dataDir, { recursive: true, force: true })
      if (named !== undefined) rmSync(named)
      await database?.drop()
    }
  },
  CYCLES * CYCLE_MS_MAX,
)

type Settings = Readonly<Record<string, string>>

async function killedStart(settings: Settings): Promise<void> {
  const killed = home.start(['serve'], { settings })
  await sleep(Math.random() * startMs)
  await killed.stop('SIGKILL')
}

/** An admin key that can be read by its owner only, works, and is the only one of its store. */
async function expectStarted(settings: Settings, file: string): Promise<void> {
  const beganAtMs = performance.now()
  const service = await home.serve({ settings })
  startMs = performance.now() - beganAtMs
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const key = readFileSync(file, 'utf8').trim()
  const keys = await call(service.url, { path: '/keys', key })
  expect(keys).toMatchObject({ status: 200, body: { total: 1 } })
  await service.stop()
  await expectWholeAudit(settings)
}

async function expectWholeAudit(settings: Settings): Promise<void> {
  const { config, secretSource } = readConfig({ LATCHKEY_DATA_DIR: home.dataDir, ...settings })
  const services = await createServices(config, secretSource, { logSink: () => {} })
  const { list, chains } = await verifyStore(services).finally(services.dispose)
  expect([list.isIntact, chains.map(({ report }) => report.isIntact)]).toEqual([true, [true]])
}
