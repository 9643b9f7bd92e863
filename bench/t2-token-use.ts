import { type Extent, type Row, rowOf } from './figure.ts'
import { gatewayCheckBy } from './gateway-checks.ts'
import { alternate, rates, ratios, type Target } from './rounds.ts'
import { type Running, ratePerCpuSecond, startBare, startLatchkey, warmUp } from './running.ts'
import type { BenchStore, Stores } from './stores.ts'
import { grantToken } from './token-requests.ts'

const WARM_UP_ANSWERS = 5_000

/** A gateway check by token instead of by key: seen before, and seen for the first time. */
export async function t2TokenUse(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.of(10_000)
  await using latchkey = await startLatchkey(store)
  await using bare = await startBare('constant')
  const durationMs = extent.sliceMs
  const checkText = gatewayCheckBy({ 'x-api-key': store.key.secret })
  const check = { durationMs, next: () => checkText }
  await warmUp(latchkey, check, WARM_UP_ANSWERS)
  await warmUp(bare, check, WARM_UP_ANSWERS)
  const measured = await alternate(extent, {
    token: tokenUse(latchkey, store, durationMs),
    keyHeader: ratePerCpuSecond(latchkey, check),
    bare: ratePerCpuSecond(bare, check),
  })
  const note = rates(measured, 'requests per CPU second')
  return [
    rowOf({
      id: 'T2',
      what: 'token use (gateway check by a bearer token) ÷ bare node:http',
      rounds: ratios(measured.token, measured.bare),
      isBetter: 'higher',
      note,
    }),
    rowOf({
      id: 'T2b',
      what: 'token use ÷ gateway check by key header',
      rounds: ratios(measured.token, measured.keyHeader),
      isBetter: 'higher',
      note,
    }),
  ]
}

/** Tokens live five minutes, which a round may outlast: each begins with one of its own. */
function tokenUse(latchkey: Running, store: BenchStore, durationMs: number): Target {
  return async () => {
    const text = gatewayCheckBy({ authorization: `Bearer ${await grantToken(latchkey, store)}` })
    return ratePerCpuSecond(latchkey, { durationMs, next: () => text })()
  }
}
