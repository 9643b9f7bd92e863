import { type Extent, type Row, rowOf } from './figure.ts'
import { gatewayChecks } from './gateway-checks.ts'
import { latenciesMs, quantile } from './latencies.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { type Running, settled, startBare, startLatchkey, warmUp } from './running.ts'
import type { Stores } from './stores.ts'

const KEYS = 100_000
const KEYS_IN_USE = 10_000

/** How long one caller waits for one answer, who asks for nothing else meanwhile. */
export async function v10OneCaller(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.of(KEYS)
  await using latchkey = await startLatchkey(store)
  await using bare = await startBare('constant')
  const asking = { durationMs: extent.sliceMs, next: gatewayChecks(KEYS_IN_USE) }
  await warmUp(latchkey, asking, KEYS_IN_USE)
  await warmUp(bare, asking, KEYS_IN_USE)
  await settled(latchkey, store)
  // Both quantiles are of one run: the second is read when the first has been measured.
  const measured = { p50: { latchkey: [], bare: [] }, p99: { latchkey: [], bare: [] } } as Measured
  const timed = (name: 'latchkey' | 'bare', server: Running) => async () => {
    const latencies = await latenciesMs(server, asking)
    for (const [key, share] of QUANTILES) measured[key][name].push(1_000 * quantile(latencies, share))
    return latencies.length
  }
  await alternate(extent, { latchkey: timed('latchkey', latchkey), bare: timed('bare', bare) })
  const what = 'gateway check (key header, allowlist, permission), one caller ÷ bare node:http'
  const row = (id: string, key: 'p50' | 'p99', marks: { readonly floor: number; readonly goal: number }) =>
    rowOf({
      id,
      what: `${key} of a ${what}`,
      rounds: ratios(measured[key].latchkey, measured[key].bare),
      isBetter: 'lower',
      ...marks,
      note: rates(measured[key], 'µs'),
    })
  return [row('V10', 'p50', { floor: 1.5, goal: 1.2 }), row('V10b', 'p99', { floor: 3, goal: 2 })]
}

const QUANTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
] as const

type Measured = Record<'p50' | 'p99', Record<'latchkey' | 'bare', number[]>>
