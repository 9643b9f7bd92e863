/** A first start on an empty database, killed at any moment: the next one ends with an admin key that works. */
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Cluster, createCluster, createDatabase } from '../../packages/server/test/postgres-cluster.ts'
import { call } from '../calling.ts'
import { createHome, type Home } from '../running.ts'

const CYCLES = Number(process.env.KILL_CYCLES ?? 1)
const CYCLE_MS_MAX = 30_000
/** The kill falls anywhere within a start, which takes about this long before one was measured. */
let startMs = 1_500

let cluster: Cluster
let home: Home

beforeAll(async () => {
  cluster = await createCluster()
})
afterAll(() => cluster.dispose())

beforeEach(() => {
  home = createHome()
})
afterEach(() => home.dispose())

it.each([
  ['in admin.key', (_directory: string) => undefined],
  ['in the file that was named', (directory: string) => join(directory, 'the key')],
])(
  `the key is %s, in ${CYCLES} of them`,
  async (_place, fileIn) => {
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const { url, drop } = await createDatabase(cluster.url)
      const named = fileIn(home.directory)
      const file = named ?? join(home.dataDir, 'admin.key')
      const settings = {
        DATABASE_URL: url,
        LATCHKEY_SECRET: '7d4e9a1c58f03b62e7a9d5c41f8b0e36',
        LATCHKEY_LOG_LEVEL: 'error',
        ...(named === undefined ? {} : { LATCHKEY_BOOTSTRAP_KEY_FILE: named }),
      }
      for (let start = 0; start < 2; start++) {
        const killed = home.start(['serve'], { settings })
        await sleep(Math.random() * startMs)
        await killed.stop('SIGKILL')
      }
      const beganAtMs = performance.now()
      const service = await home.serve({ settings })
      startMs = performance.now() - beganAtMs
      const key = readFileSync(file, 'utf8').trim()
      expect(statSync(file).mode & 0o777).toBe(0o600)
      const keys = await call(service.url, { path: '/keys', key })
      expect(keys).toMatchObject({ status: 200, body: { total: 1 } })
      await service.stop()
      const chains = await home.run(['audit', 'verify'], settings)
      // Four with the link to the console, which a start may have been killed before.
      expect(chains.stdout).toMatch(/^1 company, [34] events: every chain holds\.\n$/)
      rmSync(file)
      await drop()
    }
  },
  (CYCLES + 1) * CYCLE_MS_MAX,
)
