/**
 * Never more than the limit, however many processes there are: they are asked about the same keys as fast as they answer,
 * and one of them fails in the middle. What is lost is at most the block that it had: a third of what was left.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { call } from '../calling.ts'
import { createHome, type Home } from '../running.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { createNetwork, type Network } from './network.ts'

/** At each place at once. */
const CALLERS = 12
const AGAIN_MS = 20
/** Whoever is refused so often in a row has nothing more to get, and whoever fails so often asks nobody. */
const REFUSALS = 12
const FAILURES_MAX = 100
/** A connection that was just being handed to a process when that was killed is answered by nobody. */
const ANSWER_MS_MAX = 5_000
/** Of a limit in a short window that callers keep asking for. `FAULTS=all`, on a machine that is not busy, is the proof. */
const SHORT =
  process.env.FAULTS === 'all'
    ? { limit: 200, windowSeconds: 4, usedMin: 0.97 }
    : { limit: 50, windowSeconds: 1, usedMin: 0.8 }

type Deployment = {
  readonly urls: readonly string[]
  readonly key: string
  readonly userId: string
}

type Limits = { readonly rateLimits?: readonly object[]; readonly quota?: object }

const monthly = (limit: number): Limits => ({ quota: { limit, period: 'month' } })

async function createLimited({ urls, key, userId }: Deployment, limits: Limits): Promise<string> {
  const { body } = await call(urls[0]!, { path: '/keys', key, body: { userId, ...limits } })
  return String(body.key)
}

async function importLimited({ urls, key, userId }: Deployment, limits: Limits): Promise<string> {
  const text = `shop_${randomBytes(24).toString('base64url')}`
  const body = { user: userId, keys: [{ key: text, ...limits }] }
  const answer = await call(urls[0]!, { path: '/keys/import', key, body })
  expect(answer.body).toMatchObject({ created: 1 })
  return text
}

/**
 * Calls everywhere at once until nobody is let through any more, and answers how many were. When `afterwards` as many
 * have been, `fault` begins; what it answers ends it, when everybody else has what they can get.
 */
async function hammer(
  { urls, key }: Deployment,
  limited: string,
  afterwards = 0,
  fault: () => () => void = () => () => {},
): Promise<number> {
  let admitted = 0
  let end: (() => void) | undefined
  async function callUntilRefused(url: string): Promise<void> {
    let [refusals, failures] = [0, 0]
    while (refusals < REFUSALS && failures < FAILURES_MAX) {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX)
      const asked = call(url, { path: '/verify', key, body: { key: limited }, signal })
      const answer = await asked.catch(() => undefined)
      if (answer?.status !== 200) {
        failures += 1
        await sleep(AGAIN_MS)
      } else if (answer.body.code === 'VALID') {
        admitted += 1
        ;[refusals, failures] = [0, 0]
        if (admitted >= afterwards) end ??= fault()
      } else refusals += 1
    }
  }
  const [last = '', ...others] = urls.toReversed()
  const callersAt = (url: string) => Promise.all(Array.from({ length: CALLERS }, () => callUntilRefused(url)))
  const atLast = callersAt(last)
  await Promise.all(others.map(callersAt))
  end?.()
  await atLast
  return admitted
}

const LIMIT = 1_000
/** A block, and the calls whose answers nobody got. */
const LEAST = LIMIT - Math.ceil(LIMIT / 3) - CALLERS

function expectNearly(admitted: number): void {
  expect(admitted).toBeLessThanOrEqual(LIMIT)
  expect(admitted).toBeGreaterThanOrEqual(LEAST)
}

function proof(deploymentOf: () => Deployment): void {
  it.each([1, 10, 1_000])('admit %i where that is the limit', async (limit) => {
    const deployment = deploymentOf()
    expect(await hammer(deployment, await createLimited(deployment, monthly(limit)))).toBe(limit)
  })

  it('admit as many of a key that was imported', async () => {
    const deployment = deploymentOf()
    expect(await hammer(deployment, await importLimited(deployment, monthly(100)))).toBe(100)
  })

  it('admit no more in any window that passes', async () => {
    const deployment = deploymentOf()
    const { limit, windowSeconds, usedMin } = SHORT
    const limited = await createLimited(deployment, { rateLimits: [{ name: 'short', limit, windowSeconds }] })
    const admitted = new Map<string, number>()
    const callUntilThird = async (url: string) => {
      while (admitted.size < 4) {
        const { body } = await call(url, { path: '/verify', key: deployment.key, body: { key: limited } })
        const { limits, valid } = body as { limits: [{ resetAt: string }]; valid: boolean }
        if (valid) admitted.set(limits[0].resetAt, (admitted.get(limits[0].resetAt) ?? 0) + 1)
      }
    }
    await Promise.all(deployment.urls.flatMap((url) => Array.from({ length: 4 }, () => callUntilThird(url))))
    for (const count of admitted.values()) expect(count).toBeLessThanOrEqual(limit)
    // Of the windows between the first and the last little was missed.
    const whole = [...admitted.values()].slice(1, -1)
    for (const count of whole) expect(count).toBeGreaterThanOrEqual(usedMin * limit)
  })
}

describe('three servers on PostgreSQL', () => {
  let fleet: Fleet
  let network: Network

  beforeAll(async () => {
    fleet = await createFleet({ url: inject('databaseServer')! }, 3, async (index, databaseUrl) => {
      if (index < 2) return {}
      network = await createNetwork(databaseUrl)
      return { DATABASE_URL: network.url }
    })
  })
  afterAll(async () => {
    await fleet.dispose()
    await network.close()
  })

  const deploymentOf = (): Deployment => ({ ...fleet, urls: fleet.servers.map(({ url }) => url) })
  const hammerDuring = async (fault: () => () => void) =>
    hammer(deploymentOf(), await createLimited(deploymentOf(), monthly(LIMIT)), LIMIT / 3, fault)

  proof(deploymentOf)

  it('admit no more when one is frozen, and goes on', async () => {
    const admitted = await hammerDuring(() => {
      fleet.servers[2]!.freeze()
      return () => fleet.servers[2]!.thaw()
    })
    expectNearly(admitted)
  })

  it('admit no more when one is cut off from the database, and is back', async () => {
    const admitted = await hammerDuring(() => {
      network.cut()
      return () => network.pass()
    })
    expectNearly(admitted)
  })

  it('admit no more when one is killed', async () => {
    let isDead: Promise<void> | undefined
    const admitted = await hammerDuring(() => {
      isDead = fleet.servers[2]!.stop('SIGKILL')
      return () => {}
    })
    await isDead
    expectNearly(admitted)
  })
})

describe.skipIf(process.platform !== 'linux')('four workers on one file', () => {
  let home: Home
  let deployment: Deployment
  let workers: readonly number[]

  beforeAll(async () => {
    home = createHome()
    const { url, child } = await home.serve({
      settings: { LATCHKEY_WORKERS: '4', LATCHKEY_LOG_LEVEL: 'fatal' },
    })
    const key = home.adminKey()
    const me = await call(url, { path: '/me', key })
    // Four times as many callers at the one place where all of them listen.
    deployment = { urls: [url, url, url, url], key, userId: String(me.body.userId) }
    workers = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .map(Number)
  })
  afterAll(() => home.dispose())

  proof(() => deployment)

  it('admit no more when one is killed', async () => {
    const limited = await createLimited(deployment, monthly(LIMIT))
    const admitted = await hammer(deployment, limited, LIMIT / 3, () => {
      process.kill(workers[0]!, 'SIGKILL')
      return () => {}
    })
    expectNearly(admitted)
  })
})
