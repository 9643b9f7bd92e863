import { type Extent, type Row, rowOf } from './figure.ts'
import { gatewayCheckBy } from './gateway-checks.ts'
import { listRequest } from './key-requests.ts'
import { latenciesMs, quantile } from './latencies.ts'
import { runLoad } from './load.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { type Running, startLatchkey, warmUp } from './running.ts'
import type { BenchStore, Stores } from './stores.ts'

const WARM_UP_ANSWERS = 5_000

/** One company reads the deepest pages there are while another company's key is verified. */
export async function d1DeepPage(extent: Extent, stores: Stores): Promise<Row[]> {
  const keys = extent.isQuick ? 100_000 : 1_000_000
  const store = await stores.of(keys)
  await using latchkey = await startLatchkey(store)
  await warmUp(latchkey, { durationMs: extent.sliceMs, next: () => check(store) }, WARM_UP_ANSWERS)
  const durationMs = 2 * extent.sliceMs
  let pages = 0
  const measured = await alternate(extent, {
    alone: () => checkP99Ms(latchkey, store, durationMs),
    disturbed: async () => {
      const deep = readDeepPages(latchkey, store, durationMs)
      const p99Ms = await checkP99Ms(latchkey, store, durationMs)
      pages += await deep
      return p99Ms
    },
  })
  const what = `p99 of a gateway check, one caller, while another company reads pages at depth ${depthOf(keys).toLocaleString('en')} ÷ without`
  const note = `${rates(measured, 'ms')}; ${pages} deep pages were read meanwhile`
  return [
    rowOf({
      id: 'D1',
      what,
      rounds: ratios(measured.disturbed, measured.alone),
      isBetter: 'lower',
      floor: 2,
      note,
    }),
  ]
}

/** Almost at the end of the list of active keys, which are nine tenths. */
const depthOf = (keys: number): number => Math.floor(keys * 0.88)

const check = ({ adminKey }: BenchStore): Buffer => gatewayCheckBy({ 'x-api-key': adminKey })

async function checkP99Ms(latchkey: Running, store: BenchStore, durationMs: number): Promise<number> {
  const request = check(store)
  return quantile(await latenciesMs(latchkey, { durationMs, next: () => request }), 0.99)
}

function readDeepPages(latchkey: Running, store: BenchStore, durationMs: number): Promise<number> {
  const request = listRequest(store, `&offset=${depthOf(store.keys)}`)
  return runLoad({ port: latchkey.port, durationMs, connections: 1, next: () => request })
}
