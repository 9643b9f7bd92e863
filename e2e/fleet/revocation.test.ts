import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../packages/server/test/postgres-cluster.ts'
import { findDamage } from './damage.ts'
import { createFleet, type Fleet, type FleetServer } from './fleet.ts'
import { createNetwork, type Network } from './network.ts'
import { createRecorder, type Issued, type Recorder, type Revoking } from './revocations.ts'
import { issueEverywhere, ROUNDS, revokeEach, until } from './rounds.ts'

/** Lease, margin and the last look are 2.9 s; the rest is for a machine that has other work. */
const ANSWER_MS_MAX = 10_000
const TEST_MS_MAX = 60_000 + ROUNDS * 30_000
/** Keys revoked while a fault comes and goes: enough for it to fall in between. */
const LONG_ROUND = 60
const HOUR_MS = 3_600_000

/** Offsets the wall clock of a process by what a file says, read at each look at the clock. */
const CLOCK = `
import { readFileSync } from 'node:fs'
const now = Date.now
Date.now = () => now() + Number(readFileSync(process.env.CLOCK_OFFSET_FILE, 'utf8'))
`

let cluster: Cluster
let directory: string
let fleet: Fleet
/** Before the last server of the fleet, the one that the faults hit. */
let network: Network
let healthy: readonly FleetServer[]
let hit: FleetServer
let recorder: Recorder
/** Whether the fault hits those who are asked to revoke, too. */
let isHard: boolean
const recorders: Recorder[] = []

/** What befalls the network of one server, and whether that server can still delete in time while it lasts. */
const weathers: [string, (network: Network) => void, boolean][] = [
  ['is told of no change', (it) => it.hold({ purpose: 'latchkey listener' }), true],
  [
    'cannot follow the changes, but can look up keys',
    (it) => it.hold({ purpose: 'latchkey follower' }),
    false,
  ],
  ['follows, but can look up nothing', (it) => it.hold({ purpose: 'latchkey look-up' }), false],
  ['hears nothing of the database', (it) => it.hold(), false],
  ['is heard, but hears nothing', (it) => it.hold({ direction: 'answers' }), false],
  ['hears, but is not heard', (it) => it.hold({ direction: 'questions' }), false],
  ['is cut off', (it) => it.cut(), false],
  ['finds its connections half closed', (it) => it.halfClose(), false],
  ['is far from the database', (it) => it.delay(40), true],
  ['is too far from the database', (it) => it.delay(450), false],
]
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-clock-'))
  writeFileSync(join(directory, 'clock.mjs'), CLOCK)
  setClock(0)
  cluster = await createCluster(['max_connections=200'])
  fleet = await createFleet(cluster, 3, async (index, databaseUrl) => {
    if (index < 2) return {}
    network = await createNetwork(databaseUrl)
    return {
      DATABASE_URL: network.url,
      NODE_OPTIONS: `--import ${join(directory, 'clock.mjs')}`,
      CLOCK_OFFSET_FILE: join(directory, 'offset'),
    }
  })
  hit = fleet.servers[2]!
  healthy = fleet.servers.slice(0, 2)
})

afterAll(async () => {
  const all = { issued: recorders.flatMap(({ issued }) => issued), deleted: new Set<string>() }
  for (const { deleted } of recorders) for (const id of deleted) all.deleted.add(id)
  try {
    expect(await findDamage(fleet, all)).toEqual([])
  } finally {
    await fleet.dispose()
    await network.close()
    await cluster.dispose()
    rmSync(directory, { recursive: true })
  }
})

beforeEach(() => {
  isHard = false
  recorder = createRecorder(fleet)
  recorders.push(recorder)
})

afterEach(({ task }) => {
  // Of a test that failed half-way.
  hit.thaw()
  network.pass()
  setClock(0)
  expect(recorder.findViolations()).toEqual([])
  // Or nothing was looked at.
  expect(Object.values(recorder.countVerdicts()).length).toBeGreaterThan(0)
  expect(recorder.slowestMs).toBeLessThan(ANSWER_MS_MAX)
  // A machine that stands still for half a second in the middle of a write is not what is looked at.
  if (!isHard) expect(recorder.refusals).toBeLessThanOrEqual(1 + recorder.deleted.size / 100)
  const verdicts = JSON.stringify(recorder.countVerdicts())
  const slowest = `slowest revocation ${Math.round(recorder.slowestMs)} ms`
  console.log(`${task.name}: ${verdicts}, ${slowest}, ${recorder.refusals} refused`)
})

/** What the frozen server was asked meanwhile, it answers from memory if it dares: nothing newer reaches it. */
async function goOnFromMemory(): Promise<void> {
  await sleep(20)
  network.hold()
  hit.thaw()
  await sleep(200)
  network.pass()
}

function setClock(offsetMs: number): void {
  writeFileSync(join(directory, 'offset'), String(offsetMs))
}

/** Every server verifies again, and refuses what was revoked meanwhile. */
async function expectHealed(revoked: readonly Issued[]): Promise<void> {
  const control = await recorder.issue(healthy[0]!)
  for (const server of fleet.servers) await until('VALID', () => recorder.verify(server, control))
  for (const server of fleet.servers) {
    const verdicts = await Promise.all(revoked.map((key) => recorder.verify(server, key)))
    expect(new Set(verdicts)).toEqual(new Set(['INACTIVE']))
  }
}

describe('a key is refused by every server from the moment its deletion is answered', () => {
  it('when all is well', { timeout: TEST_MS_MAX }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const keys = await issueEverywhere(fleet, recorder)
      const { servers } = fleet
      await revokeEach(recorder, { keys, deleters: servers, verifiers: servers })
    }
    expect(Object.keys(recorder.countVerdicts())).toEqual(['INACTIVE'])
  })

  it('when no server is told of changes', { timeout: TEST_MS_MAX }, async () => {
    const listeners = await fleet.backends('listener')
    expect(listeners).toHaveLength(3)
    for (const pid of listeners) process.kill(pid, 'SIGSTOP')
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const keys = await issueEverywhere(fleet, recorder)
        const { servers } = fleet
        await revokeEach(recorder, { keys, deleters: servers, verifiers: servers })
      }
    } finally {
      for (const pid of listeners) process.kill(pid, 'SIGCONT')
    }
    expect(Object.keys(recorder.countVerdicts())).toEqual(['INACTIVE'])
  })

  it.each(weathers)('when one server %s', { timeout: TEST_MS_MAX }, async (_name, become, isUsable) => {
    for (let round = 0; round < ROUNDS; round++) {
      const keys = await issueEverywhere(fleet, recorder)
      become(network)
      const deleters = isUsable ? fleet.servers : healthy
      const { answered } = await revokeEach(recorder, { keys, deleters, verifiers: healthy, silent: [hit] })
      network.pass()
      await answered
      await expectHealed(keys)
    }
  })

  it('when the network of one server changes again and again', { timeout: TEST_MS_MAX }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const keys = await issueEverywhere(fleet, recorder, LONG_ROUND)
      const over = new AbortController()
      const changing = changeWeather(over.signal)
      const parts = { keys, deleters: healthy, verifiers: healthy, silent: [hit] }
      const { answered } = await revokeEach(recorder, parts)
      over.abort()
      await changing
      network.pass()
      await answered
      await expectHealed(keys)
    }
  })

  it('when the database ends connections again and again', { timeout: TEST_MS_MAX }, async () => {
    isHard = true
    for (let round = 0; round < ROUNDS; round++) {
      const keys = await issueEverywhere(fleet, recorder, LONG_ROUND)
      const { servers } = fleet
      const over = new AbortController()
      const ending = endConnections(over.signal)
      await revokeEach(recorder, { keys, deleters: servers, verifiers: servers })
      over.abort()
      await ending
      await expectHealed(keys)
    }
  })

  it('when the database is killed meanwhile', { timeout: TEST_MS_MAX }, async () => {
    isHard = true
    for (let round = 0; round < ROUNDS; round++) {
      const keys = await issueEverywhere(fleet, recorder, LONG_ROUND)
      const { servers } = fleet
      const parts = { keys, deleters: servers, verifiers: servers }
      const revoking = revokeEach(recorder, parts)
      await sleep(Math.random() * 150)
      await cluster.kill()
      await cluster.start()
      await revoking
      await expectHealed(keys)
    }
  })

  it('when one server is frozen and goes on', { timeout: TEST_MS_MAX }, async () => {
    for (let round = 0; round < 2 * ROUNDS; round++) {
      const keys = await issueEverywhere(fleet, recorder)
      hit.freeze()
      const revoking = revokeEach(recorder, { keys, deleters: healthy, verifiers: healthy, silent: [hit] })
      // Within its lease, and when that is over and its row is gone.
      await sleep(round % 2 === 0 ? 2_600 + Math.random() * 1_500 : Math.random() * 2_400)
      hit.thaw()
      await (await revoking).answered
      await expectHealed(keys)
    }
  })

  it('when the clock of one server is set back and forth', { timeout: TEST_MS_MAX }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const keys = await issueEverywhere(fleet, recorder)
      let isOver = false
      const stepping = (async () => {
        for (let step = 0; !isOver; step++) {
          setClock([HOUR_MS, 0, -HOUR_MS, 0][step % 4]!)
          await sleep(Math.random() * 150)
        }
      })()
      const { servers } = fleet
      await revokeEach(recorder, { keys, deleters: servers, verifiers: servers })
      isOver = true
      await stepping
      setClock(0)
      await expectHealed(keys)
    }
  })

  it('when one server is frozen while the clock is set back', { timeout: TEST_MS_MAX }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const keys = await issueEverywhere(fleet, recorder)
      hit.freeze()
      const revoking = revokeEach(recorder, { keys, deleters: healthy, verifiers: healthy, silent: [hit] })
      await sleep(2_600 + Math.random() * 1_000)
      // As if no time had passed: the monotonic clock knows better.
      setClock(-3_000)
      hit.thaw()
      await (await revoking).answered
      setClock(0)
      await expectHealed(keys)
    }
  })
})

async function changeWeather(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const [, become] = weathers[Math.floor(Math.random() * weathers.length)]!
    become(network)
    await sleep(Math.random() * 800)
    network.pass()
    await sleep(Math.random() * 400)
  }
}

/** Any of the service's, one at a time, in the middle of whatever it is used for. */
async function endConnections(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await fleet.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'latchkey %' ORDER BY random() LIMIT 1`,
    )
    await sleep(Math.random() * 40)
  }
}

describe('while a server that remembers the key is frozen', () => {
  it('a deletion that is repeated elsewhere is not answered before that server has lost its memory', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [key] = await issueEverywhere(fleet, recorder, 1)
      hit.freeze()
      const first = recorder.remove(healthy[0]!, key!)
      await until(true, () => isDeleted(key!))
      const second = recorder.remove(healthy[1]!, key!)
      expect((await Promise.race([first, second])).status).toBe(204)
      const late = recorder.verify(hit, key!)
      await goOnFromMemory()
      expect([(await first).status, (await second).status]).toEqual([204, 204])
      expect(await late).not.toBe('VALID')
      await expectHealed([key!])
    }
  })

  it('a deletion whose answer was lost is not acknowledged to the next who asks, either', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [key] = await issueEverywhere(fleet, recorder, 1)
      hit.freeze()
      const lost = new AbortController()
      const path = `/keys/${key!.id}`
      const first = fleet.call(healthy[0]!, { method: 'DELETE', path, signal: lost.signal })
      await until(true, () => isDeleted(key!))
      lost.abort()
      await expect(first).rejects.toThrow()
      expect((await recorder.remove(healthy[1]!, key!)).status).toBe(204)
      const late = recorder.verify(hit, key!)
      await goOnFromMemory()
      expect(await late).not.toBe('VALID')
      await expectHealed([key!])
    }
  })

  async function isDeleted({ id }: Issued): Promise<boolean> {
    const found = await fleet.database.query('SELECT deleted_at FROM keys WHERE id = $1', [id])
    return found[0]?.deleted_at !== null
  }
})

describe('a server that is frozen and goes on accepts nothing', () => {
  type Way = { readonly key: Issued; readonly revoking: Revoking; readonly credential?: string }

  const ways: [string, () => Promise<Way>][] = [
    ['of a key that was disabled', async () => ofKey({ method: 'PATCH', body: { enabled: false } })],
    ['of a user who was deactivated', async () => ofPerson((userId) => `/users/${userId}`)],
    ['of a company that was deactivated', async () => ofPerson((_, companyId) => `/companies/${companyId}`)],
    ['with a token whose key was deleted', ofToken],
    ['with a token whose user was deactivated', ofPersonsToken],
  ]
  it.each(ways)('%s', async (_name, make) => {
    const made = await Promise.all([make(), make(), make()])
    const use = (server: FleetServer, { key, credential }: Way) =>
      credential === undefined ? recorder.verify(server, key) : recorder.present(server, key, credential)
    for (const way of made) {
      for (const server of fleet.servers) expect(await use(server, way)).toBe('VALID')
    }
    hit.freeze()
    const late: Promise<string>[] = []
    const revoking = made.map(async (way, index) => {
      expect((await recorder.revoke(healthy[index % 2]!, way.revoking)).status).toBeLessThan(300)
      late.push(use(hit, way))
      for (const server of healthy) expect(await use(server, way)).not.toBe('VALID')
    })
    await Promise.race(revoking)
    await goOnFromMemory()
    await Promise.all(revoking)
    expect(await Promise.all(late)).not.toContain('VALID')
    const control = await recorder.issue(healthy[0]!)
    await until('VALID', () => recorder.verify(hit, control))
    for (const way of made)
      for (const server of fleet.servers) expect(await use(server, way)).not.toBe('VALID')
  })

  async function ofKey(change: Pick<Revoking, 'method' | 'body'>): Promise<Way> {
    const key = await recorder.issue(healthy[0]!)
    return { key, revoking: { path: `/keys/${key.id}`, ...change } }
  }

  /** Of a company and a user of its own. */
  async function ofPerson(pathOf: (userId: string, companyId: string) => string): Promise<Way> {
    const [server] = healthy
    const company = await fleet.call(server!, { path: '/companies', body: { name: 'Acme' } })
    const companyId = String(company.body.id)
    const headers = { 'X-Company-Id': companyId }
    const user = await fleet.call(server!, {
      path: '/users',
      headers,
      body: { name: 'Ada', role: 'developer' },
    })
    const userId = String(user.body.id)
    const key = await recorder.issue(server!, { companyId, userId })
    const path = pathOf(userId, companyId)
    const acting = path.startsWith('/users') ? { headers } : {}
    return { key, revoking: { method: 'PATCH', path, body: { status: 'inactive' }, ...acting } }
  }

  async function ofToken(): Promise<Way> {
    const way = await ofKey({ method: 'DELETE' })
    return { ...way, credential: await tokenOf(way.key) }
  }

  async function ofPersonsToken(): Promise<Way> {
    const way = await ofPerson((userId) => `/users/${userId}`)
    return { ...way, credential: await tokenOf(way.key) }
  }

  async function tokenOf({ id, secret }: Issued): Promise<string> {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: id,
      client_secret: secret,
    })
    const answer = await fetch(`${healthy[0]!.url}/oauth/token`, { method: 'POST', body })
    return String(((await answer.json()) as { access_token: string }).access_token)
  }
})
