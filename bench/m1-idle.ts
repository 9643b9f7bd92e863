import { setTimeout as sleep } from 'node:timers/promises'
import { residentMiB } from './cpu-time.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { activeIndexes, gatewayCheckBy } from './gateway-checks.ts'
import { ask } from './load.ts'
import { buildPacked } from './packed.ts'
import { requestText } from './request-text.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { type Running, startBare, startLatchkey } from './running.ts'
import { secretAt } from './secrets.ts'
import type { BenchStore, Stores } from './stores.ts'

/** An idle process has then collected what its start left behind. */
const SETTLE_MS = 3_000

/** What it costs to have the service standing there, and to start it: from the source, and from the package. */
export async function m1Idle(extent: Extent, stores: Stores): Promise<Row[]> {
  extent.progress('building the package')
  using packed = await buildPacked()
  const store = await stores.empty()
  const starts = {
    source: () => startLatchkey(store),
    packed: () => startLatchkey(store, packed),
  }
  return [
    ...(await memoryRows(extent, starts)),
    ...(await startRows(extent, starts)),
    ...(await firstAnswerRows(extent, stores, packed.launcher)),
  ]
}

type Starts = Readonly<Record<'source' | 'packed', () => Promise<Running>>>

const LOWER = { isBetter: 'lower' } as const
const PACKAGE = 'the package: '

async function memoryRows(extent: Extent, { source, packed }: Starts): Promise<Row[]> {
  const memory = await alternate(extent, {
    source: () => idleMiB(extent, source),
    packed: () => idleMiB(extent, packed),
    fastify: () => idleMiB(extent, () => startBare('fastify')),
  })
  const what = 'idle resident memory ÷ bare fastify'
  const marks = { ...LOWER, floor: 2, goal: 1.5, note: rates(memory, 'MiB') }
  return [
    rowOf({ id: 'M1', what, rounds: ratios(memory.source, memory.fastify), ...marks }),
    rowOf({ id: 'M3', what: PACKAGE + what, rounds: ratios(memory.packed, memory.fastify), ...marks }),
  ]
}

async function startRows(extent: Extent, { source, packed }: Starts): Promise<Row[]> {
  const start = await alternate(extent, {
    source: () => startMs(source, '/readyz'),
    packed: () => startMs(packed, '/readyz'),
    bare: () => startMs(() => startBare('constant'), '/'),
  })
  const what = 'from start to ready (GET /readyz answers 200) ÷ bare node:http'
  const marks = { ...LOWER, floor: 8, goal: 4, note: rates(start, 'ms') }
  return [
    rowOf({ id: 'M1b', what, rounds: ratios(start.source, start.bare), ...marks }),
    rowOf({ id: 'M3b', what: PACKAGE + what, rounds: ratios(start.packed, start.bare), ...marks }),
  ]
}

/** A store with many keys starts as an empty one does: nothing is loaded before somebody asks. */
async function firstAnswerRows(extent: Extent, stores: Stores, launcher: string): Promise<Row[]> {
  const keys = extent.isQuick ? 100_000 : 1_000_000
  const store = await stores.of(keys)
  const indexes = activeIndexes(2 * extent.rounds, keys)
  const { source, packed } = await alternate(extent, {
    source: () => firstAnswerSeconds(store, indexes.pop()!),
    packed: () => firstAnswerSeconds(store, indexes.pop()!, launcher),
  })
  const what = `start with ${keys.toLocaleString('en')} keys to the first correct answer`
  const marks = { ...LOWER, floor: 2, goal: 1, unit: 's' }
  return [
    rowOf({ id: 'M2', what, rounds: source, ...marks }),
    rowOf({ id: 'M3c', what: PACKAGE + what, rounds: packed, ...marks }),
  ]
}

async function idleMiB(extent: Extent, start: () => Promise<Running>): Promise<number> {
  await using server = await start()
  await sleep(extent.isQuick ? SETTLE_MS / 6 : SETTLE_MS)
  return residentMiB(server.pid)
}

async function startMs(start: () => Promise<Running>, path: string): Promise<number> {
  const startedAtMs = performance.now()
  await using server = await start()
  const { status } = await ask(server.port, requestText('GET', path))
  if (status !== 200) throw new Error(`${path} was answered ${status}`)
  return performance.now() - startedAtMs
}

async function firstAnswerSeconds(store: BenchStore, index: number, launcher?: string): Promise<number> {
  const request = gatewayCheckBy({ 'x-api-key': secretAt(index).reveal() })
  const startedAtMs = performance.now()
  await using server = await startLatchkey(store, launcher === undefined ? {} : { launcher })
  const { status, body } = await ask(server.port, request)
  if (status !== 200) throw new Error(`a valid key was answered ${status}: ${body}`)
  return (performance.now() - startedAtMs) / 1_000
}
