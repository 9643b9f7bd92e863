/**
 * Counts held against a recorded truth: verifications whose outcome is known beforehand, over five days of a clock that is
 * stepped, by two servers that write when it comes to them, and are stopped and started again. What is told of each key,
 * company and asker at the end is what happened. `npm run test:usage` is the proof, which kills
 * processes too.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  startTestServer,
  type TestCompany,
  type TestService,
} from '../harness.ts'
import { type Asker, askAlone, askAtGateway, askBatch, type Run, someOf } from './usage-truth/calls.ts'
import { createKeyRecord, type KeyRecord } from './usage-truth/record.ts'
import { createSubjects, ownKey, type Subject, type Switch, type Use } from './usage-truth/subjects.ts'

const VERIFICATIONS = Number(process.env.USAGE ?? 8_000)
const SEED = Number(process.env.USAGE_SEED ?? 1)
const DAY_MS = 24 * HOUR_MS
const START_MS = Date.parse('2026-11-20T00:00:00.000Z')
const SPAN = 'from=2026-11-20&to=2026-11-24'
/** In each round so many of each kind. */
const [BATCHES, ALONE, ORDERED, GATEWAY] = [9, 12, 8, 20]
const ROUNDS = Math.ceil(VERIFICATIONS / (100 * BATCHES + ALONE + ORDERED + GATEWAY))
/** The servers are stopped and started again so often. */
const RESTARTS = 10
/** More networks within a minute than are kept of a key. */
const [BURSTS, BURST] = [4, 30]

/** So that a run can be had again. */
function createRandom(seed: number) {
  let state = (Math.imul(seed, 2_654_435_761) + 1) >>> 0
  const next = () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0
    return (state ^ (state >>> 13)) >>> 0
  }
  return { below: (n: number): number => next() % n }
}

const clock = createFakeClock(START_MS)
const random = createRandom(SEED)
let base: TestService
let company: TestCompany
let other: TestCompany
let run: Run

beforeAll(async () => {
  base = await startTestServer({ LATCHKEY_TRUSTED_PROXIES: '10.0.0.1' }, { clock })
  company = await createTestCompany(base)
  other = await createTestCompany(base)
  const user = await expectCreated(base, { path: '/users', body: { name: 'asker', role: 'admin' } })
  const { id, key } = await expectCreated(base, { path: '/keys', body: { userId: user.id } })
  const { owner } = company.users
  const servers = [await base.join(), await base.join()]
  const [own, operator] = [askerOf(owner.keyId, owner.key), askerOf(id, key)]
  run = { clock, random, servers, own, operator, wrong: [], done: 0, unmatchedAtGateways: 0 }
})
afterAll(async () => {
  for (const server of run.servers) await server.dispose()
  await base.dispose()
})

const askerOf = (id: string, key: string): Asker => ({ id, key, record: createKeyRecord() })

/** As the operator's admin, whose own uses are looked at nowhere. */
const read = async (path: string, companyId: string): Promise<Parsed> =>
  (await base.call({ path, headers: { 'x-company-id': companyId } })).body

test(`${VERIFICATIONS.toLocaleString('en')} verifications are counted as they were`, {
  timeout: 0,
}, async () => {
  const quota = Math.ceil((ROUNDS * ORDERED) / 5 / 2)
  const { subjects, switched } = await createSubjects({
    server: base,
    company,
    other,
    startMs: START_MS,
    random,
    quota,
  })
  const roaming = await createRoaming()
  for (let round = 0; round < ROUNDS; round++) {
    clock.move(START_MS + Math.floor((round * 5 * DAY_MS) / ROUNDS) - clock.nowMs())
    await switchTo(switched, Math.floor((clock.nowMs() - START_MS) / DAY_MS) % 2 === 1)
    await askAll(subjects)
    if (round % Math.ceil(ROUNDS / BURSTS) === 0) await burst(roaming)
    for (const { services } of run.servers) if (random.below(2) === 0) await services.usage.flush()
    if (round % Math.ceil(ROUNDS / RESTARTS) === 0) await restart(random.below(run.servers.length))
  }
  await switchTo(switched, false)
  for (let n = 0; n < run.servers.length; n++) await restart(n)

  expect(run.wrong).toEqual([])
  expect(run.done).toBeGreaterThanOrEqual(VERIFICATIONS)
  const own = subjects.filter(({ asked }) => asked !== 'operator')
  const all = [...own, roaming]
  for (const subject of subjects) await expectTold(subject)
  await expectTold(roaming)
  for (const asker of [run.own, run.operator]) await expectDays(asker.id, asker.record)
  await expectSums(company.id, [...all, { ...run.own, userId: company.users.owner.id }])
  await expectSums(
    other.id,
    subjects.filter(({ asked }) => asked === 'operator'),
  )
  const { data } = await read(`/usage?by=code&${SPAN}`, base.admin.companyId)
  expect(data.find(({ id }: Parsed) => id === 'NOT_FOUND')?.total).toBe(run.unmatchedAtGateways)
})

type Told = Pick<Subject, 'id' | 'record' | 'isRotating'>
type Summed = Pick<Subject, 'id' | 'record' | 'userId'>

async function askAll(subjects: readonly Subject[]): Promise<void> {
  const ofCompany = subjects.filter(({ asked }) => asked === 'company')
  const operators = subjects.filter(({ asked }) => asked === 'operator')
  const ordered = subjects.filter(({ asked }) => asked === 'ordered')
  for (let n = 0; n < BATCHES; n++) await after(() => askBatch(run, ofCompany))
  for (let n = 0; n < ALONE; n++) await after(() => askAlone(run, someOf(run, n < 2 ? operators : ofCompany)))
  for (let n = 0; n < ORDERED; n++) await after(() => askAlone(run, someOf(run, ordered)))
  for (let n = 0; n < GATEWAY; n++) await after(() => askAtGateway(run, someOf(run, ofCompany)))
}

/** Within a round some time passes too. */
function after(call: () => Promise<void>): Promise<void> {
  clock.move(random.below(2_000))
  return call()
}

async function switchTo(switched: Switch, isOff: boolean): Promise<void> {
  if (switched.isOff === isOff) return
  for (const { path, companyId, off, on } of switched.requests) {
    const headers: Record<string, string> = companyId === '' ? {} : { 'x-company-id': companyId }
    const { status } = await base.call({ method: 'PATCH', path, headers, body: isOff ? off : on })
    expect(status).toBe(200)
  }
  switched.isOff = isOff
}

async function restart(place: number): Promise<void> {
  await run.servers[place]!.dispose()
  run.servers[place] = await base.join()
}

/** A key that comes from ever new networks. */
async function createRoaming() {
  const { id, key } = await ownKey({ server: base, company }, {})
  let seen = 0
  const draw = (): Use => {
    const ip = `10.${128 + (seen >> 8)}.${seen & 0xff}.1`
    seen += 1
    return { key, code: 'VALID', from: { ip, network: ip } }
  }
  return {
    id: String(id),
    userId: company.users.developer.id,
    record: createKeyRecord(),
    asked: 'ordered' as const,
    draw,
  }
}

/** One server sees all of them before it writes any. */
async function burst(roaming: Awaited<ReturnType<typeof createRoaming>>): Promise<void> {
  for (let n = 0; n < BURST; n++) {
    clock.move(1)
    await askAlone(run, roaming)
  }
}

async function expectDays(id: string, record: KeyRecord): Promise<Parsed> {
  const usage = await read(`/keys/${id}/usage?${SPAN}`, companyOf(id))
  expect([usage.days, usage.months]).toEqual([record.days(), []])
  return usage
}

/** Whatever is told of a key. */
async function expectTold({ id, record, isRotating = false }: Told): Promise<void> {
  const usage = await expectDays(id, record)
  const shown = await read(`/keys/${id}`, companyOf(id))
  expect([
    ...record.faultsOf(shown),
    ...record.networkFaultsOf(usage.addresses, true),
    ...record.networkFaultsOf(usage.refusedAddresses, false),
    ...(isRotating ? record.rotationFaultsOf(shown.rotation) : []),
  ]).toEqual([])
}

const companyOf = (keyId: string): string =>
  keyId === run.operator.id
    ? base.admin.companyId
    : keyId === other.users.developer.keyId
      ? other.id
      : company.id

/** What is told of a company, by each of the ways to sum. */
async function expectSums(companyId: string, summed: readonly Summed[]): Promise<void> {
  const days = summed.flatMap(({ id, userId, record }) =>
    record
      .days()
      .flatMap(({ date, counts }) =>
        Object.entries(counts).map(([code, count]) => ({ key: id, user: userId, day: date, code, count })),
      ),
  )
  for (const by of ['key', 'user', 'day', 'code'] as const) {
    const sums = new Map<string, number>()
    for (const one of days) sums.set(one[by], (sums.get(one[by]) ?? 0) + one.count)
    const { data } = await read(`/usage?by=${by}&limit=100&${SPAN}`, companyId)
    const told = new Map(data.map(({ id, total }: Parsed) => [id, total]))
    expect(told, by).toEqual(sums)
  }
}
