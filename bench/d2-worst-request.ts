import { setTimeout as sleep } from 'node:timers/promises'
import type { WorstRequest } from './asked-request.ts'
import { type Extent, median, type Row, rowOf } from './figure.ts'
import { startFlood } from './flood.ts'
import { gatewayCheckBy } from './gateway-checks.ts'
import { HEAVY_STORE_KEYS, makeHeavyCompany, weighDown } from './heavy-company.ts'
import { latenciesMs, quantile } from './latencies.ts'
import { ask } from './load.ts'
import { requestText } from './request-text.ts'
import { ratios } from './rounds.ts'
import { quiet, type Running, startBare, startWatched, type Watched } from './running.ts'
import type { BenchStore, Stores } from './stores.ts'
import { worstRequests } from './worst-requests.ts'

const CONNECTIONS = 128
/** Requests of each kind before anything is measured. */
const WARM_UP = 10
/** Different ones of each kind, for those that are no two times the same. */
const PREPARED = 64
/** After this long the requests are made anew: the tokens in them are about to end. */
const TOKENS_MS = 120_000
const SETTLING_MS_MAX = 30_000
const SETTLING_PAUSE_MS = 200
/** Answers that a p99 is taken of: of a few it is the slowest of them. */
const ANSWERS_MIN = 300
const ANSWERS_MS_MAX = 5_000

/** `p99sMs`: of a check beside it. */
type Measured = { request: WorstRequest; readonly turnsMs: number[]; readonly p99sMs: number[] }

/** The costliest request of every operation: alone, and very many at once while another company's key is verified. */
export async function d2WorstRequest(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.ofOwn(HEAVY_STORE_KEYS)
  weighDown(store)
  await using server = await startWatched(store)
  await using bare = await startBare('constant')
  extent.progress('making the heaviest company')
  const company = await makeHeavyCompany(server, store)
  const requests = await worstRequests(company)
  await warmUpAll(server, requests)
  const measured = requests.map((request): Measured => ({ request, turnsMs: [], p99sMs: [] }))
  let tokensAtMs = performance.now()
  const checks = { alone: [] as number[], bareAlone: [] as number[], bareFlooded: [] as number[] }
  const rounds = Math.ceil(extent.rounds / 3)
  for (let round = 0; round < rounds; round++) {
    checks.alone.push(await checkP99Ms(server, store, extent.sliceMs))
    checks.bareAlone.push(await bareP99Ms(bare, extent.sliceMs))
    checks.bareFlooded.push(await floodedBareP99Ms(bare, extent.sliceMs / 3))
    for (const each of measured) {
      if (performance.now() - tokensAtMs > TOKENS_MS) {
        tokensAtMs = performance.now()
        for (const [at, fresh] of (await worstRequests(company)).entries()) measured[at]!.request = fresh
      }
      const { request, turnsMs, p99sMs } = each
      extent.progress(`round ${round + 1} of ${rounds}, ${nameOf(request)}`)
      await untilAnswered(server, request)
      turnsMs.push(await server.longestTurnMs(() => askOnce(server, request)))
      p99sMs.push(await disturbedP99Ms(server, store, request, extent.sliceMs / 3))
    }
  }
  return [turnRow(measured), ...floodRows(measured, checks)]
}

async function warmUpAll(server: Watched, requests: readonly WorstRequest[]): Promise<void> {
  for (const request of requests) {
    for (let index = 0; index < WARM_UP; index++) await askOnce(server, request)
  }
}

async function askOnce({ port }: Watched, request: WorstRequest): Promise<void> {
  const { status, body } = await ask(port, request.next())
  if (status === request.status) return
  throw new Error(`${nameOf(request)} was answered ${status}: ${body.slice(0, 300)}`)
}

/** What a flood has left is worked on after it has gone: until then the next is not the only one, or is refused for want of room. */
async function untilAnswered(server: Watched, request: WorstRequest): Promise<void> {
  await quiet(server)
  const deadlineMs = performance.now() + SETTLING_MS_MAX
  for (;;) {
    const { status } = await ask(server.port, request.next())
    if (status !== 503 || performance.now() > deadlineMs) return
    await sleep(SETTLING_PAUSE_MS)
  }
}

const NOTHING = requestText('GET', '/')

async function bareP99Ms(bare: Running, durationMs: number): Promise<number> {
  return p99Ms(bare, { durationMs, next: () => NOTHING, sleeps: true })
}

async function p99Ms(server: Running, asking: Parameters<typeof latenciesMs>[1]): Promise<number> {
  const deadlineMs = performance.now() + ANSWERS_MS_MAX
  const latencies: number[] = []
  do latencies.push(...(await latenciesMs(server, asking)))
  while (latencies.length < ANSWERS_MIN && performance.now() < deadlineMs)
  return quantile(
    latencies.sort((left, right) => left - right),
    0.99,
  )
}

/** What as many connections do to one caller where nothing is worked on. */
async function floodedBareP99Ms(bare: Running, durationMs: number): Promise<number> {
  const flood = await startFlood({ port: bare.port, connections: CONNECTIONS, requests: [NOTHING] })
  try {
    return await bareP99Ms(bare, durationMs)
  } finally {
    await flood.stop()
  }
}

async function disturbedP99Ms(
  server: Watched,
  store: BenchStore,
  request: WorstRequest,
  durationMs: number,
): Promise<number> {
  const requests = Array.from({ length: PREPARED }, () => request.next())
  const flood = await startFlood({ port: server.port, connections: CONNECTIONS, requests })
  try {
    return await checkP99Ms(server, store, durationMs)
  } finally {
    await flood.stop()
  }
}

async function checkP99Ms(server: Watched, store: BenchStore, durationMs: number): Promise<number> {
  const check = gatewayCheckBy({ 'x-api-key': store.adminKey })
  return p99Ms(server, { durationMs, next: () => check, sleeps: true })
}

const nameOf = ({ operation, what }: WorstRequest): string => `${operation}: ${what}`

function turnRow(measured: readonly Measured[]): Row {
  const sorted = measured.toSorted((left, right) => median(right.turnsMs) - median(left.turnsMs))
  return rowOf({
    id: 'D2',
    what: `longest turn of the event loop by the costliest request of every operation (${sorted.length} kinds); the worst kind`,
    unit: 'ms',
    rounds: sorted[0]!.turnsMs,
    isBetter: 'lower',
    floor: 20,
    note: shown(sorted, ({ turnsMs }) => median(turnsMs)),
  })
}

type Checks = Readonly<Record<'alone' | 'bareAlone' | 'bareFlooded', readonly number[]>>

/** The same requests against two measures: what as many connections cost by themselves, and nobody at all. */
function floodRows(measured: readonly Measured[], { alone, bareAlone, bareFlooded }: Checks): Row[] {
  const sorted = measured.toSorted((left, right) => median(right.p99sMs) - median(left.p99sMs))
  const check = `p99 of a gateway check, one caller, while another company asks the costliest over ${CONNECTIONS} connections`
  const bare = `bare node:http while ${CONNECTIONS} connections ask for its constant answer`
  const better = { isBetter: 'lower' } as const
  const worst = sorted[0]!.p99sMs
  const note = shown(sorted, ({ p99sMs }) => median(p99sMs))
  return [
    rowOf({
      id: 'D3',
      what: `${check} ÷ p99 of ${bare}; the worst kind`,
      rounds: ratios(worst, bareFlooded),
      floor: 3,
      note: `p99 in milliseconds: bare ${median(bareFlooded).toPrecision(3)}; ${note}`,
      ...better,
    }),
    rowOf({ id: 'D3b', what: `${check} ÷ without; the worst kind`, rounds: ratios(worst, alone), ...better }),
    rowOf({
      id: 'D3c',
      what: `p99 of ${bare} ÷ without`,
      rounds: ratios(bareFlooded, bareAlone),
      note: `without ${median(bareAlone).toPrecision(3)} ms; a gateway check without ${median(alone).toPrecision(3)} ms`,
      ...better,
    }),
  ]
}

function shown(sorted: readonly Measured[], read: (measured: Measured) => number): string {
  const told = sorted.slice(0, Number(process.env.BENCH_KINDS ?? 5))
  return told.map((each) => `${nameOf(each.request)} ${read(each).toPrecision(3)}`).join('; ')
}
