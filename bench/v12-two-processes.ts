import { childrenOf, cpuSecondsOf } from './cpu-time.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { gatewayChecks } from './gateway-checks.ts'
import { runLoad } from './load.ts'
import { alternate, rates, ratios, type Target } from './rounds.ts'
import { type Running, ratePerCpuSecond, settled, startBare, startLatchkey, warmUp } from './running.ts'
import type { BenchStore, Stores } from './stores.ts'

const KEYS = 100_000
const KEYS_IN_USE = 40_000
const KEYS_IN_USE_QUICK = 10_000
const PROCESSES = 2
/** Of each of two servers that share the load: as many together as one has. */
const CONNECTIONS_EACH = 16

type Asking = { readonly durationMs: number; readonly next: () => Buffer }

/**
 * Whether a second process costs the first one anything: both on one store, and all of their time counted. Beside it what
 * a second process costs on this machine at all, where three of them may share two cores: two bare servers, and two
 * services that share nothing.
 */
export async function v12TwoProcesses(extent: Extent, stores: Stores): Promise<Row[]> {
  const inUse = extent.isQuick ? KEYS_IN_USE_QUICK : KEYS_IN_USE
  const load = { durationMs: extent.sliceMs, next: gatewayChecks(inUse) }
  await using one = await startWarm(await stores.of(KEYS), load, inUse)
  const ofOwn = async () => startWarm(await stores.ofOwn(KEYS), load, inUse)
  await using first = await ofOwn()
  await using second = await ofOwn()
  // Each of them fills its own memory.
  await using two = await startWarm(await stores.ofOwn(KEYS), load, 2 * PROCESSES * inUse, PROCESSES)
  const found = childrenOf(two.pid).length
  if (found !== PROCESSES) throw new Error(`${found} processes serve instead of ${PROCESSES}`)
  await using bare = await warmBare(load)
  await using bareFirst = await warmBare(load)
  await using bareSecond = await warmBare(load)
  const measured = await alternate(extent, {
    two: ratePerCpuSecond(two, load),
    one: ratePerCpuSecond(one, load),
    apart: rateTogether([first, second], load),
    bareTwo: rateTogether([bareFirst, bareSecond], load),
    bareOne: ratePerCpuSecond(bare, load),
  })
  return rowsOf(measured)
}

const EACH = 'for each CPU second of all of them'

function rowsOf(measured: Record<'two' | 'one' | 'apart' | 'bareTwo' | 'bareOne', number[]>): Row[] {
  const { two, one, apart, bareTwo, bareOne } = measured
  const unit = 'requests per CPU second'
  return [
    rowOf({
      id: 'V12',
      what: `gateway check by 40 k of 100 k keys, two processes (LATCHKEY_WORKERS=2) ÷ one, ${EACH}`,
      rounds: ratios(two, one),
      isBetter: 'higher',
      floor: 0.8,
      goal: 0.95,
      note: rates({ two, one }, unit),
    }),
    rowOf({
      id: 'V12b',
      what: `bare node:http, two processes with half of the load each ÷ one, ${EACH}: what the machine allows`,
      rounds: ratios(bareTwo, bareOne),
      isBetter: 'higher',
      note: rates({ two: bareTwo, one: bareOne }, unit),
    }),
    rowOf({
      id: 'V12c',
      what: `gateway check, two processes on one store ÷ two services with a store and half of the load each, ${EACH}`,
      rounds: ratios(two, apart),
      isBetter: 'higher',
      goal: 0.95,
      note: rates({ 'on one store': two, 'with a store each': apart }, unit),
    }),
  ]
}

async function startWarm(store: BenchStore, load: Asking, answers: number, workers = 1): Promise<Running> {
  const server = await startLatchkey(store, { workers })
  await warmUp(server, load, answers)
  await settled(server, store)
  return server
}

async function warmBare(load: Asking): Promise<Running> {
  const server = await startBare('constant')
  await warmUp(server, load, BARE_WARM_UP_ANSWERS)
  return server
}

/** It has nothing to fill, only code to compile. */
const BARE_WARM_UP_ANSWERS = 10_000

/** Of several servers at once, each with its part of the load: requests of all per CPU second of all. */
function rateTogether(servers: readonly Running[], load: Asking): Target {
  const cpuSeconds = () => servers.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0)
  const ask = ({ port }: Running) => runLoad({ port, ...load, connections: CONNECTIONS_EACH })
  return async () => {
    const before = cpuSeconds()
    const answered = await Promise.all(servers.map(ask))
    return answered.reduce((sum, count) => sum + count, 0) / (cpuSeconds() - before)
  }
}
