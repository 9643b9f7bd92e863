/**
 * A process that is killed takes along what it counted since it last wrote, and nothing else: not what was read, not what
 * is older than half a minute, and nothing is counted twice. `USAGE` set is the proof, which takes minutes.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createDatabase } from '../../packages/server/test/postgres-cluster.ts'
import { call } from '../calling.ts'
import { createHome, type Home } from '../running.ts'
import { createFleet, type Fleet } from './fleet.ts'

const IS_PROOF = process.env.USAGE !== undefined
const KILLS = IS_PROOF ? 3 : 2
const CALLERS = 4
const AGAIN_MS = 100
/** Counts are written within thirty seconds, and the last of them may take a moment. */
const INTERVAL_MS = 32_000
/** Between two flushes, and some. */
const USED_MS_MAX = 70_000

type Service = { readonly url: string; kill(): Promise<unknown> }
type Deployment = { readonly start: () => Promise<Service>; readonly key: () => string }

/** Verifies with several callers until `isEnough`, or the service is gone; answers when each was answered. */
async function use(url: string, admin: string, key: string, isEnough: (answers: number) => boolean) {
  const answeredAtMs: number[] = []
  const talk = async () => {
    while (!isEnough(answeredAtMs.length)) {
      const answer = await call(url, { path: '/verify', key: admin, body: { key } }).catch(() => undefined)
      if (answer === undefined) return
      expect(answer.body.code).toBe('VALID')
      answeredAtMs.push(Date.now())
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, talk))
  return answeredAtMs
}

/** Reading has them written first, once a second at most. */
async function untilCounted(url: string, admin: string, id: string, expected: number): Promise<void> {
  for (;;) {
    const counted = await countedOf(url, admin, id)
    expect(counted).toBeLessThanOrEqual(expected)
    if (counted === expected) return
    await sleep(AGAIN_MS)
  }
}

async function countedOf(url: string, admin: string, id: string): Promise<number> {
  const { body } = await call(url, { path: `/keys/${id}/usage`, key: admin })
  const days = body.days as { counts: { VALID?: number } }[]
  return days.reduce((sum, { counts }) => sum + (counts.VALID ?? 0), 0)
}

function proof(deploymentOf: () => Deployment): void {
  async function begin() {
    const deployment = deploymentOf()
    const service = await deployment.start()
    const admin = deployment.key()
    const me = await call(service.url, { path: '/me', key: admin })
    const made = await call(service.url, { path: '/keys', key: admin, body: { userId: me.body.userId } })
    return { deployment, service, admin, id: String(made.body.id), key: String(made.body.key) }
  }

  it(`what was read is there when it is killed, ${KILLS} times`, async () => {
    const { deployment, service: first, admin, id, key } = await begin()
    let service = first
    let known = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const before = await use(service.url, admin, key, (answers) => answers >= 50)
      known += before.length
      await untilCounted(service.url, admin, id, known)
      const after = await use(service.url, admin, key, (answers) => answers >= 30)
      await service.kill()
      service = await deployment.start()
      const counted = await countedOf(service.url, admin, id)
      expect(counted).toBeGreaterThanOrEqual(known)
      expect(counted).toBeLessThanOrEqual(known + after.length)
      known = counted
    }
    await service.kill()
  })

  it.runIf(IS_PROOF)(
    `what is older than half a minute is there when it is killed, ${KILLS} times`,
    { timeout: KILLS * 2 * USED_MS_MAX },
    async () => {
      const { deployment, service: first, admin, id, key } = await begin()
      let service = first
      let known = 0
      for (let kill = 0; kill < KILLS; kill++) {
        const killing = sleep(INTERVAL_MS + Math.random() * (USED_MS_MAX - INTERVAL_MS)).then(async () => {
          const atMs = Date.now()
          await service.kill()
          return atMs
        })
        const answeredAtMs = await use(service.url, admin, key, () => false)
        const killedAtMs = await killing
        service = await deployment.start()
        const counted = (await countedOf(service.url, admin, id)) - known
        const old = answeredAtMs.filter((atMs) => atMs < killedAtMs - INTERVAL_MS).length
        const lost = answeredAtMs.length - counted
        process.stdout.write(
          `${answeredAtMs.length} answered, ${old} older than the interval, ${lost} lost\n`,
        )
        expect(old).toBeGreaterThan(0)
        expect(counted).toBeGreaterThanOrEqual(old)
        // Whoever waited for an answer may have been counted.
        expect(counted).toBeLessThanOrEqual(answeredAtMs.length + CALLERS)
        known += counted
      }
      await service.kill()
    },
  )
}

describe('a service on SQLite that is killed', () => {
  let home: Home
  beforeAll(() => {
    home = createHome()
  })
  afterAll(() => home.dispose())

  proof(() => ({
    key: home.adminKey,
    async start() {
      const { url, stop } = await home.serve({ settings: { LATCHKEY_LOG_LEVEL: 'error' } })
      return { url, kill: () => stop('SIGKILL') }
    },
  }))
})

describe('a server on PostgreSQL that is killed', () => {
  let fleet: Fleet
  beforeAll(async () => {
    fleet = await createFleet({ url: inject('databaseServer')! }, 1)
  })
  afterAll(async () => {
    await fleet.dispose()
  })

  proof(() => ({
    key: () => fleet.key,
    async start() {
      const { url, stop } = await fleet.add()
      return { url, kill: () => stop('SIGKILL') }
    },
  }))

  it('doctor says how far use is counted, and warns when that is not as far as keys were used', async () => {
    const fresh = await createDatabase(inject('databaseServer')!)
    const ofFresh = { DATABASE_URL: fresh.url, LATCHKEY_SECRET: fleet.secret }
    expect((await fleet.run(['bootstrap'], ofFresh)).exitCode).toBe(0)
    expect(await usageFound(ofFresh)).toEqual({
      check: 'usage',
      level: 'ok',
      detail: 'nothing is counted yet; kept by day for 400 days',
    })
    await fresh.drop()
    // By now it was used, and stopped.
    await fleet.servers[0]!.stop()
    const told = {
      level: 'ok',
      detail: expect.stringMatching(/^counted up to \S+Z, from \d{4}-\d\d-\d\d on; kept by day for 31 days$/),
    }
    expect(await usageFound({ LATCHKEY_USAGE_DAYS: '31' })).toMatchObject(told)
    await fleet.database.query('UPDATE usage_reports SET at = at - 401000')
    expect(await usageFound({})).toMatchObject({
      level: 'warning',
      detail: expect.stringContaining('is counted up to'),
      remedy: expect.stringContaining('usage_lost'),
    })
  })

  async function usageFound(settings: Readonly<Record<string, string>>) {
    const { stdout } = await fleet.run(['doctor', '--json'], settings)
    const { checks } = JSON.parse(stdout) as { checks: { check: string }[] }
    return checks.find(({ check }) => check === 'usage')
  }
})
