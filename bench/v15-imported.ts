import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Extent, median, type Row, rowOf } from './figure.ts'
import { startFlood } from './flood.ts'
import { ALLOWED_ADDRESS, activeIndexes } from './gateway-checks.ts'
import { importedTextAt, importSteps, writeExport } from './imported-texts.ts'
import { ask, runLoad } from './load.ts'
import { cycle, requestText } from './request-text.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { cacheCounts, type Running, ratePerCpuSecond, settled, startLatchkey, warmUp } from './running.ts'
import { secretAt, shuffledIndexes } from './secrets.ts'
import { type BenchStore, openStore, type Stores } from './stores.ts'

const KEYS = 100_000
const KEYS_QUICK = 10_000
/** Of each kind: with these, both fit into the cache. */
const IN_USE = 40_000
const IN_USE_QUICK = 4_000
const FLOOD_CONNECTIONS = 8

/** What it costs a deployment that 100,000 keys of another system came in: own keys, the imported ones, and garbage. */
export async function v15Imported(extent: Extent, stores: Stores): Promise<Row[]> {
  const keys = extent.isQuick ? KEYS_QUICK : KEYS
  const inUse = extent.isQuick ? IN_USE_QUICK : IN_USE
  const [before, after] = [await stores.of(keys), await stores.ofOwn(keys)]
  await importInto(after, keys)
  await using plain = await startLatchkey(before)
  await using mixed = await startLatchkey(after)
  const own = activeIndexes(inUse, inUse).map((index) => secretAt(index).reveal())
  const imported = shuffledIndexes(inUse, keys).map(importedTextAt)
  const loads = {
    before: { server: plain, store: before, next: cycle(own.map((key) => verifying(before, key))) },
    own: { server: mixed, store: after, next: cycle(own.map((key) => verifying(after, key))) },
    imported: { server: mixed, store: after, next: cycle(imported.map((key) => verifying(after, key))) },
  }
  const { sliceMs: durationMs } = extent
  const warm = async ({ server, store, next }: (typeof loads)['own']) => {
    await warmUp(server, { durationMs, next }, inUse)
    await settled(server, store)
  }
  const target = ({ server, next }: (typeof loads)['own']) => ratePerCpuSecond(server, { durationMs, next })
  for (const load of [loads.before, loads.own]) await warm(load)
  const apart = await alternate(extent, { before: target(loads.before), own: target(loads.own) })
  // Only now: twice as many keys in use have twice as many uses written.
  await warm(loads.imported)
  const beside = await alternate(extent, { own: target(loads.own), imported: target(loads.imported) })
  const size = `${keys.toLocaleString('en')} imported keys`
  return [
    rowOf({
      id: 'V15',
      what: `POST /verify by an own key, deployment with ${size} ÷ without`,
      rounds: ratios(apart.own, apart.before),
      isBetter: 'higher',
      note: rates(apart, 'requests per CPU second'),
      floor: 0.98,
      goal: 1,
    }),
    rowOf({
      id: 'V15b',
      what: `POST /verify by an imported key ÷ by an own one, ${size}`,
      rounds: ratios(beside.imported, beside.own),
      isBetter: 'higher',
      note: rates(beside, 'requests per CPU second'),
      floor: 0.8,
      goal: 0.9,
    }),
    await garbageRow(extent, mixed, after, loads.own.next),
  ]
}

const verifying = ({ adminKey }: BenchStore, key: string): Buffer =>
  requestText('POST', '/verify', {
    headers: { 'x-api-key': adminKey },
    body: { key, ip: ALLOWED_ADDRESS, permissions: ['app:read'] },
  })

async function importInto(store: BenchStore, keys: number): Promise<void> {
  const path = join(tmpdir(), `latchkey-bench-imported-${process.pid}.csv`)
  writeExport(path, keys)
  const services = await openStore(store)
  try {
    for await (const _ of importSteps(services, path, store.companyId));
  } finally {
    await services.dispose()
    rmSync(path)
  }
}

/** Other callers beside texts that only look like imported ones, and beside as many callers with keys. */
async function garbageRow(
  extent: Extent,
  server: Running,
  store: BenchStore,
  next: () => Buffer,
): Promise<Row> {
  // Above all that were imported: none of them is a key.
  const garbage = Array.from({ length: 20_000 }, (_, index) =>
    verifying(store, importedTextAt(10_000_000 + index)),
  )
  await knowsAll(server, garbage)
  const valid = Array.from({ length: 20_000 }, next)
  const before = await cacheCounts(server)
  let sent = 0
  const beside = (requests: readonly Buffer[]) => async () => {
    const flood = await startFlood({ port: server.port, connections: FLOOD_CONNECTIONS, requests })
    const p99 = await p99Ms(server, next, extent.sliceMs)
    const counts = await flood.stop()
    if (requests === garbage) sent += Object.values(counts).reduce((sum, count) => sum + count, 0)
    return p99
  }
  const measured = await alternate(extent, { garbage: beside(garbage), keys: beside(valid) })
  const looked = (await cacheCounts(server)).loads - before.loads
  return rowOf({
    id: 'V15c',
    what: `p99 of other callers beside ${FLOOD_CONNECTIONS} that send texts which fit an imported shape ÷ beside as many that send keys`,
    rounds: ratios(measured.garbage, measured.keys),
    isBetter: 'lower',
    floor: 2,
    goal: 1.2,
    note: `${rates(measured, 'ms')}; ${looked} look-ups in the store for ${sent.toLocaleString('en')} such texts`,
  })
}

/** Until the tags of all imported texts are in memory: such a text then costs no look-up. */
async function knowsAll(server: Running, garbage: readonly Buffer[]): Promise<void> {
  for (const request of garbage) {
    const { loads } = await cacheCounts(server)
    await ask(server.port, request)
    if ((await cacheCounts(server)).loads === loads) return
  }
  throw new Error('every text is looked for in the store')
}

async function p99Ms(server: Running, next: () => Buffer, durationMs: number): Promise<number> {
  const latencies: number[] = []
  await runLoad({
    port: server.port,
    durationMs,
    next,
    connections: 4,
    onLatency: (ms) => latencies.push(ms),
  })
  latencies.sort((left, right) => left - right)
  return latencies[Math.floor(latencies.length * 0.99)] ?? median(latencies)
}
