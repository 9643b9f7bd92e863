import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest'
import { memoryDisk } from '../../packages/server/test/memory-disk.ts'
import { type Cluster, createCluster } from '../../packages/server/test/postgres-cluster.ts'
import { findDamage } from './damage.ts'
import { createFleet, type Fleet, type FleetServer } from './fleet.ts'
import { createNetwork, type Network } from './network.ts'
import { countSettles, numeral, PROGRESS, proofOf, type Settles } from './proof.ts'
import { createRecorder, type Issued, type Recorder, type Revoking } from './revocations.ts'
import {
  CLIENTS_TOGETHER,
  inRounds,
  issueEverywhere,
  MANY,
  ROUND_MAX,
  revokeEach,
  SOME,
  until,
} from './rounds.ts'

const TEST_MS_MAX = 120_000 + MANY * 400
/** Of what takes some seconds each time. */
const REPEATS = process.env.FAULTS === 'all' ? 20 : 1
/** Keys revoked while a fault comes and goes: enough for it to fall in between. */
const LONG_ROUND = 60
const LONG = { revocations: Math.max(SOME, LONG_ROUND), roundMax: LONG_ROUND }
/** Each key was asked for when it was revoked; these are asked for again when the fault is over. */
const HEALED_LOOKED_AT_MAX = 20
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
let settlesBefore: Settles

type Weather = {
  readonly name: string
  readonly become: (network: Network) => void
  /** The server can still delete in time while it lasts. */
  readonly isUsable?: boolean
  readonly revocations?: number
}

/** What befalls the network of one server. */
const weathers: readonly Weather[] = [
  {
    name: 'is told of no change',
    become: (it) => it.hold({ purpose: 'latchkey listener' }),
    isUsable: true,
    revocations: MANY,
  },
  {
    name: 'cannot follow, but can look up keys',
    become: (it) => it.hold({ purpose: 'latchkey follower' }),
  },
  { name: 'follows, but can look up nothing', become: (it) => it.hold({ purpose: 'latchkey look-up' }) },
  { name: 'hears nothing of the database', become: (it) => it.hold() },
  { name: 'is heard, but hears nothing', become: (it) => it.hold({ direction: 'answers' }) },
  { name: 'hears, but is not heard', become: (it) => it.hold({ direction: 'questions' }) },
  { name: 'is cut off', become: (it) => it.cut(), revocations: MANY },
  { name: 'finds its connections half closed', become: (it) => it.halfClose() },
  { name: 'is far from the database', become: (it) => it.delay(40), isUsable: true },
  { name: 'is too far from the database', become: (it) => it.delay(450) },
]
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-clock-'))
  writeFileSync(join(directory, 'clock.mjs'), CLOCK)
  setClock(0)
  cluster = await createCluster(['max_connections=200'], memoryDisk())
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

beforeEach(async () => {
  isHard = false
  settlesBefore = await countSettles(fleet.servers)
  recorder = createRecorder(fleet)
  recorders.push(recorder)
})

afterEach(async ({ task }) => {
  // Of a test that failed half-way.
  hit.thaw()
  network.pass()
  setClock(0)
  const settles = await countSettles(fleet.servers)
  if (recorder.deleted.size > 0) task.meta.proof = proofOf(recorder, settlesBefore, settles)
  expect(recorder.findViolations()).toEqual([])
  // Or nothing was looked at.
  expect(Object.values(recorder.countVerdicts()).length).toBeGreaterThan(0)
  // A machine that stands still for half a second in the middle of a write is not what is looked at.
  if (!isHard) expect(recorder.refusals).toBeLessThanOrEqual(1 + recorder.deleted.size / 100)
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

/** Says how far a test is, where somebody watches. */
function progress(annotate: TestContext['annotate']) {
  return (done: number, all: number) => annotate(`${numeral(done)} of ${numeral(all)}`, PROGRESS)
}

/** Every server verifies again, and refuses what was revoked last. */
async function expectHealed(revoked: readonly Issued[]): Promise<void> {
  const control = await recorder.issue(healthy[0]!)
  for (const server of fleet.servers) await until('VALID', () => recorder.verify(server, control))
  const some = revoked.slice(-HEALED_LOOKED_AT_MAX)
  for (const server of fleet.servers) {
    const verdicts = await Promise.all(some.map((key) => recorder.verify(server, key)))
    expect(new Set(verdicts)).toEqual(new Set(['INACTIVE']))
  }
}

describe('a key is refused by every server from the moment its deletion is answered', () => {
  it('when all is well', { timeout: TEST_MS_MAX }, async ({ annotate }) => {
    await inRounds({ revocations: MANY, onRound: progress(annotate) }, async (count) => {
      await revokeBySome(await issueEverywhere(fleet, recorder, count))
    })
    expect(Object.keys(recorder.countVerdicts())).toEqual(['INACTIVE'])
  })

  it('when no server is told of changes', { timeout: TEST_MS_MAX }, async ({ annotate }) => {
    const listeners = await fleet.backends('listener')
    expect(listeners).toHaveLength(3)
    for (const pid of listeners) process.kill(pid, 'SIGSTOP')
    try {
      await inRounds({ revocations: MANY, onRound: progress(annotate) }, async (count) => {
        await revokeBySome(await issueEverywhere(fleet, recorder, count))
      })
    } finally {
      for (const pid of listeners) process.kill(pid, 'SIGCONT')
    }
    expect(Object.keys(recorder.countVerdicts())).toEqual(['INACTIVE'])
  })

  it.for(weathers)('when one server $name', { timeout: TEST_MS_MAX }, async (weather, { annotate }) => {
    const { become, isUsable = false, revocations = SOME } = weather
    await inRounds({ revocations, onRound: progress(annotate) }, async (count) => {
      const keys = await issueEverywhere(fleet, recorder, count)
      become(network)
      const parts = { keys, verifiers: healthy, silent: [hit] }
      const { answered } = await revokeEach(
        recorder,
        isUsable
          ? { ...parts, deleters: fleet.servers }
          : { ...parts, deleters: healthy, clients: CLIENTS_TOGETHER },
      )
      network.pass()
      await answered
      await expectHealed(keys)
    })
  })

  it('when the network of one server changes again and again', { timeout: TEST_MS_MAX }, async ({
    annotate,
  }) => {
    await inRounds({ ...LONG, onRound: progress(annotate) }, async (count) => {
      const keys = await issueEverywhere(fleet, recorder, count)
      const over = new AbortController()
      const changing = changeWeather(over.signal)
      const parts = { keys, deleters: healthy, verifiers: healthy, silent: [hit] }
      const { answered } = await revokeEach(recorder, parts)
      over.abort()
      await changing
      network.pass()
      await answered
      await expectHealed(keys)
    })
  })

  it('when the database ends connections again and again', { timeout: TEST_MS_MAX }, async ({ annotate }) => {
    isHard = true
    await inRounds({ ...LONG, onRound: progress(annotate) }, async (count) => {
      const keys = await issueEverywhere(fleet, recorder, count)
      const over = new AbortController()
      const ending = endConnections(over.signal)
      await revokeBySome(keys)
      over.abort()
      await ending
      await expectHealed(keys)
    })
  })

  it('when the database is killed meanwhile', { timeout: TEST_MS_MAX }, async ({ annotate }) => {
    isHard = true
    await inRounds({ ...LONG, onRound: progress(annotate) }, async (count) => {
      const keys = await issueEverywhere(fleet, recorder, count)
      const revoking = revokeBySome(keys)
      await sleep(Math.random() * 150)
      await cluster.kill()
      await cluster.start()
      await revoking
      await expectHealed(keys)
    })
  })

  it('when one server is frozen and goes on', { timeout: TEST_MS_MAX }, async ({ annotate }) => {
    // Two rounds at least: it wakes up early in one, and late in the other.
    const extent = { revocations: MANY, roundMax: Math.min(ROUND_MAX, MANY / 2) }
    await inRounds({ ...extent, onRound: progress(annotate) }, async (count, round) => {
      const keys = await issueEverywhere(fleet, recorder, count)
      hit.freeze()
      const revoking = revokeByHealthy(keys)
      // Within its lease, and when that is over and its row is gone.
      await sleep(round % 2 === 0 ? 2_600 + Math.random() * 1_500 : Math.random() * 2_400)
      hit.thaw()
      await (await revoking).answered
      await expectHealed(keys)
    })
  })

  it('when the clock of one server is set back and forth', { timeout: TEST_MS_MAX }, async ({ annotate }) => {
    await inRounds({ revocations: MANY, onRound: progress(annotate) }, async (count) => {
      const keys = await issueEverywhere(fleet, recorder, count)
      let isOver = false
      const stepping = (async () => {
        for (let step = 0; !isOver; step++) {
          setClock([HOUR_MS, 0, -HOUR_MS, 0][step % 4]!)
          await sleep(Math.random() * 150)
        }
      })()
      await revokeBySome(keys)
      isOver = true
      await stepping
      setClock(0)
      await expectHealed(keys)
    })
  })

  it('when one server is frozen while the clock is set back', { timeout: TEST_MS_MAX }, async ({
    annotate,
  }) => {
    await inRounds({ revocations: SOME, onRound: progress(annotate) }, async (count) => {
      const keys = await issueEverywhere(fleet, recorder, count)
      hit.freeze()
      const revoking = revokeByHealthy(keys)
      await sleep(2_600 + Math.random() * 1_000)
      // As if no time had passed: the monotonic clock knows better.
      setClock(-3_000)
      hit.thaw()
      await (await revoking).answered
      setClock(0)
      await expectHealed(keys)
    })
  })
})

/** Any server is asked to delete, every one to verify. */
function revokeBySome(keys: readonly Issued[]): Promise<unknown> {
  return revokeEach(recorder, { keys, deleters: fleet.servers, verifiers: fleet.servers })
}

/** While the other one says nothing: all at once, for each waits until its lease is over. */
function revokeByHealthy(keys: readonly Issued[]): ReturnType<typeof revokeEach> {
  const parts = { keys, deleters: healthy, verifiers: healthy, silent: [hit] }
  return revokeEach(recorder, { ...parts, clients: CLIENTS_TOGETHER })
}

async function changeWeather(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { become } = weathers[Math.floor(Math.random() * weathers.length)]!
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
    for (let round = 0; round < REPEATS; round++) {
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
    for (let round = 0; round < REPEATS; round++) {
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
