import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../packages/server/test/postgres-cluster.ts'
import type { Answer } from '../calling.ts'
import {
  acknowledgedBy,
  createHistory,
  findLost,
  type History,
  startWriters,
  untilAnswered,
} from '../history.ts'
import { findDamage } from './damage.ts'
import { createFleet, type Fleet, type FleetServer } from './fleet.ts'
import { createRecorder } from './revocations.ts'
import { issueEverywhere, until } from './rounds.ts'

/** How long memory may answer after the database was last heard of. */
const LEASE_MS = 2_000
const BACK_MS_MAX = 10_000
const CYCLES = process.env.FAULTS === 'all' ? 20 : 2
const CYCLE_MS_MAX = 40_000
/** A kill comes after so many acknowledgements at most, so that it falls at any moment of the work. */
const ACKNOWLEDGED_MAX = 100

let cluster: Cluster
let fleet: Fleet
/** Whether a test that failed has left the database down. */
let isDown = false

async function comeBack(): Promise<void> {
  await cluster.start()
  isDown = false
}

beforeAll(async () => {
  cluster = await createCluster(['max_connections=200'])
  fleet = await createFleet(cluster, 2)
})
afterAll(async () => {
  await fleet.dispose()
  await cluster.dispose()
})

afterEach(async () => {
  if (isDown) await comeBack()
})

function expectRefused({ status, body, headers }: Answer, code: string): void {
  expect({ status, code: body.code }).toEqual({ status: 503, code })
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
}

describe('a database that is gone', () => {
  it.each([
    // A stop in order may take as long as a lease.
    ['stopped', () => cluster.stop(), ['VALID', 'cannot_verify']],
    ['killed', () => cluster.kill(), ['VALID']],
  ] as const)(
    '(%s): memory answers while the lease lasts, then nobody does, and all goes on when it is back',
    async (_how, end, atOnce) => {
      const recorder = createRecorder(fleet)
      const keys = await issueEverywhere(fleet, recorder, 4)
      const [key] = keys
      const { servers } = fleet
      isDown = true
      await end()
      const goneAtMs = performance.now()
      // Nobody has to wait for the database to be missed.
      const first = await Promise.all(servers.map((server) => recorder.verify(server, key!)))
      for (const verdict of first) expect(atOnce).toContain(verdict)
      for (let beganAtMs = goneAtMs; beganAtMs < goneAtMs + 2 * LEASE_MS; beganAtMs = performance.now()) {
        for (const server of servers) {
          const verdict = await recorder.verify(server, key!)
          expect(beganAtMs > goneAtMs + LEASE_MS ? ['cannot_verify'] : ['VALID', 'cannot_verify']).toContain(
            verdict,
          )
        }
        await sleep(20)
      }
      for (const server of servers) {
        expectRefused(
          await fleet.call(server, { path: '/verify', body: { key: key!.secret } }),
          'cannot_verify',
        )
        expectRefused(await fleet.call(server, { path: '/readyz' }), 'unavailable')
        expectRefused(await fleet.call(server, { path: '/keys', bearer: key!.secret }), 'cannot_verify')
      }
      await comeBack()
      const backAtMs = performance.now()
      for (const server of servers) {
        await until('VALID', () => recorder.verify(server, key!), BACK_MS_MAX)
        await until(201, () => creation(server), BACK_MS_MAX)
        await until(200, async () => (await fleet.call(server, { path: '/readyz' })).status, BACK_MS_MAX)
      }
      expect(performance.now() - backAtMs).toBeLessThan(BACK_MS_MAX)
      const [one, other] = servers
      expect((await recorder.remove(one!, key!)).status).toBe(204)
      expect(await recorder.verify(other!, key!)).toBe('INACTIVE')
    },
  )

  async function creation(server: FleetServer): Promise<number> {
    return (await fleet.call(server, { path: '/keys', body: { userId: fleet.userId } })).status
  }
})

describe('what was acknowledged is kept, and nothing is half there', () => {
  let history: History

  beforeEach(() => {
    history = createHistory()
  })

  const targetOf = ({ url }: FleetServer) => ({ url, key: fleet.key, userId: fleet.userId })

  function acknowledgedMore(): Promise<void> {
    const enough = acknowledgedBy(history) + 1 + Math.floor(Math.random() * ACKNOWLEDGED_MAX)
    return untilAnswered(history, () => acknowledgedBy(history) >= enough)
  }

  async function expectAllThere(server: FleetServer): Promise<void> {
    await until(200, async () => (await fleet.call(server, { path: '/readyz' })).status)
    expect(await findLost(targetOf(server), history)).toEqual([])
  }

  async function expectNoDamage(): Promise<void> {
    expect(history.deleted.size).toBeGreaterThan(0)
    const issued = [...history.created].map(([id, secret]) => ({ ...fleet, id, secret }))
    expect(await findDamage(fleet, { issued, deleted: history.deleted })).toEqual([])
  }

  it('when the database is killed while clients write', { timeout: CYCLES * CYCLE_MS_MAX }, async () => {
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const writers = fleet.servers.map((server) => startWriters(targetOf(server), history, 4))
      await acknowledgedMore()
      isDown = true
      await (cycle % 2 === 0 ? cluster.kill() : cluster.stop())
      await comeBack()
      await acknowledgedMore()
      await Promise.all(writers.map(({ stop }) => stop()))
      for (const server of fleet.servers) await expectAllThere(server)
    }
    for (const { status, body } of history.refusals) {
      expect({ status, code: body.code }).toEqual({
        status: 503,
        code: expect.stringMatching(/^(unavailable|cannot_verify)$/),
      })
    }
    await expectNoDamage()
  })

  it('when one server after another is killed while clients write', {
    timeout: CYCLES * CYCLE_MS_MAX,
  }, async () => {
    let [victim, survivor] = fleet.servers as [FleetServer, FleetServer]
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const writers = [victim, survivor].map((server) => startWriters(targetOf(server), history, 4))
      await acknowledgedMore()
      await victim.stop('SIGKILL')
      await acknowledgedMore()
      await Promise.all(writers.map(({ stop }) => stop()))
      await expectAllThere(survivor)
      ;[victim, survivor] = [survivor, await fleet.add()]
      await expectAllThere(survivor)
    }
    expect(history.refusals).toEqual([])
    await expectNoDamage()
  })
})
