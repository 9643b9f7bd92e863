import type { Extent, Row } from './figure.ts'
import { rowOf } from './figure.ts'
import { gatewayChecks } from './gateway-checks.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { ratePerCpuSecond, startBare, startLatchkey, warmUp } from './running.ts'
import type { Stores } from './stores.ts'

const KEYS = 100_000

/** What a gateway pays for asking, against a server that answers without looking. */
export async function v1GatewayCheck(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.of(KEYS)
  await using latchkey = await startLatchkey(store)
  await using bare = await startBare('constant')
  const load = { durationMs: extent.sliceMs, next: gatewayChecks(KEYS) }
  await warmUp(latchkey, { ...load, durationMs: 2 * extent.sliceMs })
  await warmUp(bare, load)
  const measured = await alternate(extent, {
    latchkey: ratePerCpuSecond(latchkey, load),
    bare: ratePerCpuSecond(bare, load),
  })
  return [
    rowOf({
      id: 'V1',
      what: 'gateway check (key header, allowlist, permission; requests over all of 100 k keys) ÷ bare node:http',
      rounds: ratios(measured.latchkey, measured.bare),
      isBetter: 'higher',
      floor: 0.5,
      goal: 0.7,
      note: rates(measured, 'requests per CPU second'),
    }),
  ]
}
