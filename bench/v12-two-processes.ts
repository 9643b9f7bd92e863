import { childrenOf } from './cpu-time.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { gatewayChecks } from './gateway-checks.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { ratePerCpuSecond, settled, startLatchkey, warmUp } from './running.ts'
import type { Stores } from './stores.ts'

const KEYS = 100_000
const KEYS_IN_USE = 40_000
const KEYS_IN_USE_QUICK = 10_000
const PROCESSES = 2

/** Whether a second process costs the first one anything: both on one store, and all of their time counted. */
export async function v12TwoProcesses(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.of(KEYS)
  await using one = await startLatchkey(store)
  const inUse = extent.isQuick ? KEYS_IN_USE_QUICK : KEYS_IN_USE
  const load = { durationMs: extent.sliceMs, next: gatewayChecks(inUse) }
  await warmUp(one, load, inUse)
  await using two = await startLatchkey(await stores.ofOwn(KEYS), { workers: PROCESSES })
  const found = childrenOf(two.pid).length
  if (found !== PROCESSES) throw new Error(`${found} processes serve instead of ${PROCESSES}`)
  // Each of them fills its own memory.
  await warmUp(two, load, 2 * PROCESSES * inUse)
  await settled(one)
  await settled(two)
  const measured = await alternate(extent, {
    two: ratePerCpuSecond(two, load),
    one: ratePerCpuSecond(one, load),
  })
  return [
    rowOf({
      id: 'V12',
      what: 'gateway check by 40 k of 100 k keys, two processes (LATCHKEY_WORKERS=2) ÷ one, for each CPU second of all of them',
      rounds: ratios(measured.two, measured.one),
      isBetter: 'higher',
      floor: 0.8,
      goal: 0.95,
      note: rates(measured, 'requests per CPU second'),
    }),
  ]
}
