import { type Extent, type Row, rowOf } from './figure.ts'
import { gatewayCheckBy } from './gateway-checks.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { ratePerCpuSecond, startBare, startLatchkey, warmUp } from './running.ts'
import type { Stores } from './stores.ts'
import { grantRequest } from './token-requests.ts'

const WARM_UP_ANSWERS = 5_000

/** What it costs to exchange a key for a token, which signs with Ed25519. */
export async function t1TokenGrant(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.of(10_000)
  await using latchkey = await startLatchkey(store)
  await using bare = await startBare('form')
  const durationMs = extent.sliceMs
  const [grantText, checkText] = [grantRequest(store), gatewayCheckBy({ 'x-api-key': store.key.secret })]
  const grant = { durationMs, next: () => grantText }
  const check = { durationMs, next: () => checkText }
  await warmUp(latchkey, grant, WARM_UP_ANSWERS)
  await warmUp(latchkey, check, WARM_UP_ANSWERS)
  await warmUp(bare, grant, WARM_UP_ANSWERS)
  const measured = await alternate(extent, {
    grant: ratePerCpuSecond(latchkey, grant),
    keyHeader: ratePerCpuSecond(latchkey, check),
    bare: ratePerCpuSecond(bare, grant),
  })
  const note = rates(measured, 'requests per CPU second')
  return [
    rowOf({
      id: 'T1',
      what: 'token grant (POST /oauth/token) ÷ bare POST that parses a form',
      rounds: ratios(measured.grant, measured.bare),
      isBetter: 'higher',
      note,
    }),
    rowOf({
      id: 'T1b',
      what: 'token grant ÷ gateway check by key header',
      rounds: ratios(measured.grant, measured.keyHeader),
      isBetter: 'higher',
      note,
    }),
  ]
}
