/** No verification that begins after a rotation without overlap was answered accepts the old secret, however many are under way. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { call } from '../calling.ts'
import { createHome, type Home } from '../running.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { type Callers, createSubjects, rotateOnce, startCallers } from './rotations.ts'
import { until } from './rounds.ts'
import { type Deployment, emptyTally, type Subject, type Tally, verifyOne } from './verify-secrets.ts'

/** Rotations of each deployment; more by the environment. */
const MANY = Number(process.env.ROTATIONS ?? 20)
/** With a server that stands still each waits for its lease, some seconds. */
const SLOW = Number(process.env.ROTATIONS ?? 4)
const KEYS = 4
const TEST_MS_MAX = 120_000 + MANY * 6_000

/** Each key is rotated again and again. */
async function rotateAll(
  deployment: Deployment,
  callers: Callers,
  subjects: readonly Subject[],
  tally: Tally,
  rotations: number,
) {
  await Promise.all(
    subjects.map(async (subject, index) => {
      for (let done = index; done < rotations; done += subjects.length) {
        await rotateOnce(deployment, callers, subject, tally)
      }
    }),
  )
}

/** Of those who rotate and of the callers. */
function expectKept(own: Tally, callers: Tally, rotations: number): void {
  const entries = Object.entries(own).map(([name, count]) => [name, count + callers[name as keyof Tally]])
  const tally = Object.fromEntries(entries) as Tally
  if (process.env.ROTATIONS !== undefined) process.stderr.write(`${JSON.stringify(tally)}\n`)
  expect(tally).toMatchObject({ rotations, byDeadAccepted: 0, byCurrentRefused: 0 })
  // Otherwise nothing would have been tried.
  expect(Math.min(tally.byDead, tally.byCurrent)).toBeGreaterThan(0)
}

describe.each([
  ['on one process', {}],
  ['on workers', { LATCHKEY_WORKERS: '2' }],
] as const)('SQLite %s', (_name, settings) => {
  let home: Home
  let deployment: Deployment

  beforeAll(async () => {
    home = createHome()
    const { url } = await home.serve({ settings: { LATCHKEY_LOG_LEVEL: 'error', ...settings } })
    const key = home.adminKey()
    const me = await call(url, { path: '/me', key })
    deployment = { urls: [url], key, userId: String(me.body.userId) }
  })
  afterAll(() => home.dispose())

  it(
    'accepts no old secret once its rotation is answered, and always the new one',
    async () => {
      const tally = emptyTally()
      const subjects = await createSubjects(deployment, KEYS)
      const callers = startCallers(deployment, subjects)
      await rotateAll(deployment, callers, subjects, tally, MANY)
      expectKept(tally, await callers.stop(), MANY)
    },
    TEST_MS_MAX,
  )
})

describe('PostgreSQL', () => {
  let fleet: Fleet
  let deployment: Deployment

  beforeAll(async () => {
    fleet = await createFleet({ url: inject('databaseServer')! }, 3)
    const [first, second] = fleet.servers
    deployment = { urls: [first!.url, second!.url], key: fleet.key, userId: fleet.userId }
  })
  afterAll(async () => {
    for (const pid of silenced) process.kill(pid, 'SIGCONT')
    for (const server of fleet.servers) server.thaw()
    await fleet.dispose()
  })

  /** Nobody is told of a change: each asks for itself, so that an answer without a wait would be too early. */
  async function deafen(): Promise<void> {
    for (const pid of await fleet.backends('listener')) {
      process.kill(pid, 'SIGSTOP')
      silenced.push(pid)
    }
  }
  const silenced: number[] = []

  it(
    'on three servers with one frozen: neither does that one when it goes on',
    async () => {
      const tally = emptyTally()
      await deafen()
      const frozen = fleet.servers[2]!
      const subjects = await createSubjects(deployment, KEYS)
      const callers = startCallers(deployment, subjects)
      while (tally.rotations < SLOW) {
        // It remembers all of them, and stands still before it can hear of a rotation.
        for (const one of subjects) {
          await until('VALID', () => verifyOne(frozen.url, deployment.key, one, tally, false))
        }
        frozen.freeze()
        const count = Math.min(subjects.length, SLOW - tally.rotations)
        await rotateAll(deployment, callers, subjects.slice(0, count), tally, count)
        // Begun after the answer, and answered when it goes on.
        const late = subjects.map((one) => verifyOne(frozen.url, deployment.key, one, tally, true))
        frozen.thaw()
        await Promise.all(late)
      }
      expectKept(tally, await callers.stop(), SLOW)
    },
    TEST_MS_MAX,
  )
})
