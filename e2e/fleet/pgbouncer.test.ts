import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { memoryDisk } from '../../packages/server/test/memory-disk.ts'
import {
  type Cluster,
  connectTo,
  createCluster,
  createDatabase,
} from '../../packages/server/test/postgres-cluster.ts'
import { createHome } from '../running.ts'
import { findDamage } from './damage.ts'
import { createFleet, type Fleet, type FleetServer } from './fleet.ts'
import { createPgBouncer, missingPgBouncer, type PgBouncer, type PoolMode } from './pgbouncer.ts'
import { createRecorder, type Recorder } from './revocations.ts'
import { inRounds, issueEverywhere, revokeEach, SOME, until } from './rounds.ts'

const SECRET = 'a secret that every server here is given'
const missing = missingPgBouncer()
const REMEDY = /pooler in transaction mode.+pool_mode=session.+port 5432.+without -pooler/
const TEST_MS_MAX = 60_000 + SOME * 400

let cluster: Cluster
const pools: PgBouncer[] = []

beforeAll(async () => {
  cluster = await createCluster(['max_connections=200'], memoryDisk())
})
afterAll(() => cluster?.dispose())
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.dispose()))
})

async function poolIn(mode: PoolMode, ...settings: readonly string[]): Promise<PgBouncer> {
  const pool = await createPgBouncer(cluster, mode, ...settings)
  pools.push(pool)
  return pool
}

type Through = {
  readonly fleet: Fleet
  readonly recorder: Recorder
  readonly servers: readonly FleetServer[]
}

async function fleetThrough(pool: PgBouncer, count: number): Promise<Through> {
  const fleet = await createFleet(cluster, count, (_, url) => ({ DATABASE_URL: pool.urlOf(url) }))
  return { fleet, recorder: createRecorder(fleet), servers: fleet.servers }
}

describe.skipIf(missing !== undefined)(`PgBouncer (${missing ?? 'a real one'})`, () => {
  it('in session mode needs no setting for us, and two servers keep every promise through it', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const { fleet, recorder, servers } = await fleetThrough(await poolIn('session'), 2)
    try {
      await inRounds({ revocations: SOME }, async (count) => {
        const keys = await issueEverywhere(fleet, recorder, count)
        await revokeEach(recorder, { keys, deleters: servers, verifiers: servers })
      })
      expect(recorder.findViolations()).toEqual([])
      expect(Object.keys(recorder.countVerdicts())).toEqual(['INACTIVE'])
      expect(await findDamage(fleet, recorder)).toEqual([])
    } finally {
      await fleet.dispose()
    }
  })

  it('in session mode lets through what the promises rest on: durable commits, and notifications', async () => {
    const pool = await poolIn('session')
    const { url, drop } = await createDatabase(cluster.url)
    const onlooker = await connectTo(url)
    // Refused at the start unless each session of ours says otherwise for itself.
    await onlooker.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`)
    const home = createHome()
    try {
      const settings = { DATABASE_URL: pool.urlOf(url), LATCHKEY_SECRET: SECRET }
      await home.serve({ settings })
      const listening = () =>
        onlooker.query(
          `SELECT query FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = 'latchkey listener'`,
        )
      // The start does not wait for it.
      await expect
        .poll(listening, { timeout: 20_000 })
        .toEqual([{ query: expect.stringMatching(/^LISTEN /) }])
      expect((await home.run(['doctor'], settings)).stdout).toMatch(/a primary, durable\n/)
    } finally {
      await home.dispose()
      await onlooker.end()
      await pool.dispose()
      await drop()
    }
  })

  it('in session mode hands on sessions that nobody cleaned, and we begin with a clean one', async () => {
    const pool = await poolIn('session', 'server_reset_query =', 'default_pool_size = 40')
    const { url, drop } = await createDatabase(cluster.url)
    const before = await connectTo(pool.urlOf(url))
    for (const name of ['q0', 'q1', 'observe', 'announce', 'find-by-fingerprint']) {
      await before.query(`PREPARE "${name}" AS SELECT 1`)
    }
    await before.query('CREATE SCHEMA elsewhere; SET search_path = elsewhere; SET synchronous_commit = off')
    await before.end()
    const home = createHome()
    try {
      const settings = { DATABASE_URL: pool.urlOf(url), LATCHKEY_SECRET: SECRET }
      expect(await home.run(['migrate'], settings)).toMatchObject({ exitCode: 0, stderr: '' })
      const onlooker = await connectTo(url)
      const tables = await onlooker.query(
        "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename IN ('keys', 'migrations')",
      )
      await onlooker.end()
      expect(tables).toEqual([{ schemaname: 'public' }])
    } finally {
      await home.dispose()
      await pool.dispose()
      await drop()
    }
  })

  it.each([
    ['transaction', []],
    ['transaction', ['server_round_robin = 1']],
    ['transaction', ['default_pool_size = 1']],
    ['transaction', ['ignore_startup_parameters = options,statement_timeout,lock_timeout']],
    ['statement', []],
  ] as const)(
    'in %s mode (%s) is refused at the start and by doctor, and nobody who shares it is disturbed',
    async (mode, more) => {
      const pool = await poolIn(mode, ...more)
      const { url, drop } = await createDatabase(cluster.url)
      const home = createHome()
      try {
        const settings = { DATABASE_URL: pool.urlOf(url), LATCHKEY_SECRET: SECRET }
        for (const command of ['serve', 'bootstrap', 'migrate']) {
          const { exitCode, stdout, stderr } = await home.run([command], settings)
          expect(stderr).toMatch(REMEDY)
          expect(stderr).toMatch(/^latchkey: [^\n]+\n$/)
          expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
        }
        const doctor = await home.run(['doctor'], settings)
        expect([doctor.exitCode, doctor.stdout]).toEqual([1, expect.stringMatching(REMEDY)])
        const shared = await connectTo(pool.urlOf(url))
        const left = await shared.query(
          `SELECT name, setting FROM pg_settings WHERE source = 'session'
         AND name IN ('statement_timeout', 'lock_timeout', 'TimeZone', 'synchronous_commit')`,
        )
        expect(left).toEqual([])
        expect(await shared.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).toEqual([
          { count: '0' },
        ])
        await shared.end()
      } finally {
        await home.dispose()
        await pool.dispose()
        await drop()
      }
    },
  )

  it('that is put into transaction mode meanwhile has us not ready until it is put back', async () => {
    const pool = await poolIn('session')
    const { fleet, recorder, servers } = await fleetThrough(pool, 1)
    const [server] = servers as [FleetServer]
    const readiness = async () => (await fleet.call(server, { path: '/readyz' })).status
    try {
      const [key] = await issueEverywhere(fleet, recorder, 1)
      await pool.become('transaction')
      // Connections that there are keep their session until they end.
      await fleet.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name LIKE 'latchkey %'`,
      )
      // Whoever comes first may have a process of the database to itself for a moment, and a lease not yet over.
      const isOver = async () => {
        for (let round = 0; round < 25; round++) {
          if ((await readiness()) !== 503) return false
          // What is remembered may be proven fresh by the one connection that is left.
          expect(['VALID', 'cannot_verify']).toContain(await recorder.verify(server, key!))
          await sleep(100)
        }
        return true
      }
      await until(true, isOver, 30_000)
      await pool.become('session')
      await until(200, readiness)
      await until('VALID', () => recorder.verify(server, key!))
      expect(recorder.findViolations()).toEqual([])
    } finally {
      await fleet.dispose()
    }
  })

  it('that is restarted costs nothing but the moment', async () => {
    const pool = await poolIn('session')
    const { fleet, recorder, servers } = await fleetThrough(pool, 2)
    try {
      const [one, other] = await issueEverywhere(fleet, recorder, 2)
      await pool.stop()
      for (const server of servers) await until('cannot_verify', () => recorder.verify(server, one!))
      await pool.start()
      for (const server of servers) await until('VALID', () => recorder.verify(server, one!))
      await revokeEach(recorder, { keys: [one!, other!], deleters: servers, verifiers: servers })
      expect(recorder.findViolations()).toEqual([])
      expect(await findDamage(fleet, recorder)).toEqual([])
    } finally {
      await fleet.dispose()
    }
  })

  it('without a connection left for us is told apart from a database that is gone', async () => {
    const pool = await poolIn('session', 'default_pool_size = 1', 'query_wait_timeout = 30')
    const { url, drop } = await createDatabase(cluster.url)
    const home = createHome()
    try {
      const settings = {
        DATABASE_URL: `${pool.urlOf(url)}?connect_timeout=2`,
        LATCHKEY_SECRET: SECRET,
      }
      const { exitCode, stderr } = await home.run(['serve'], settings)
      expect(exitCode).toBe(1)
      expect(stderr).toMatch(/a pooler has connections left/)
    } finally {
      await home.dispose()
      await pool.dispose()
      await drop()
    }
  })
})
