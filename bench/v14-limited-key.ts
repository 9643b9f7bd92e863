import { type Extent, type Row, rowOf } from './figure.ts'
import { gatewayCheckBy } from './gateway-checks.ts'
import { ask } from './load.ts'
import { requestText } from './request-text.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { type Running, ratePerCpuSecond, startLatchkey, warmUp } from './running.ts'
import type { BenchStore, Stores } from './stores.ts'

const WARM_UP_ANSWERS = 5_000
/** So wide that no round uses them up. */
const WIDE = 1_000_000_000
const LIMITS = {
  rateLimits: [
    { name: 'second', limit: WIDE, windowSeconds: 1 },
    { name: 'minute', limit: WIDE, windowSeconds: 60 },
  ],
  quota: { limit: WIDE, period: 'month' },
}

/** A key with two rate limits and a quota, and the same without. */
export async function v14LimitedKey(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.ofOwn(10_000)
  await using latchkey = await startLatchkey(store)
  const durationMs = extent.sliceMs
  const checkBy = async (fields: object) => {
    const text = gatewayCheckBy({ 'x-api-key': await createKey(latchkey, store, fields) })
    const load = { durationMs, next: () => text }
    await warmUp(latchkey, load, WARM_UP_ANSWERS)
    return ratePerCpuSecond(latchkey, load)
  }
  const measured = await alternate(extent, { limited: await checkBy(LIMITS), free: await checkBy({}) })
  return [
    rowOf({
      id: 'V14',
      what: 'gateway check by a key with two rate limits and a quota ÷ by the same without',
      rounds: ratios(measured.limited, measured.free),
      isBetter: 'higher',
      floor: 0.75,
      goal: 0.9,
      note: rates(measured, 'requests per CPU second'),
    }),
  ]
}

async function createKey(
  server: Running,
  { adminKey, companyId, userId }: BenchStore,
  fields: object,
): Promise<string> {
  const headers = { 'x-api-key': adminKey, 'x-company-id': companyId }
  const { status, body } = await ask(
    server.port,
    requestText('POST', '/keys', { headers, body: { userId, ...fields } }),
  )
  if (status !== 201) throw new Error(`the key was answered ${status}: ${body}`)
  return (JSON.parse(body) as { key: string }).key
}
