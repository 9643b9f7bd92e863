import { type Extent, median, type Row, rowOf } from './figure.ts'
import { ALLOWED_ADDRESS, activeIndexes } from './gateway-checks.ts'
import { latenciesMs, quantile } from './latencies.ts'
import { ask } from './load.ts'
import { cycle, requestText } from './request-text.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { type Running, ratePerCpuSecond, settled, startLatchkey, warmUp } from './running.ts'
import { secretAt } from './secrets.ts'
import type { BenchStore, Stores } from './stores.ts'

const KEYS = 100_000
const KEYS_IN_USE = 40_000
const KEYS_IN_USE_QUICK = 10_000
/**
 * So many that each is forgotten before it comes again: three times as many as the service remembers not to know. Each
 * is then one read of the store, as when somebody guesses.
 */
const UNKNOWN = 60_000
/** The first that no store of the bench has. */
const UNKNOWN_FROM = 20_000_000

/** What a key costs that nobody made, and whether one could tell by the time it takes. */
export async function v9UnknownKey(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.of(KEYS)
  await using latchkey = await startLatchkey(store)
  const inUse = extent.isQuick ? KEYS_IN_USE_QUICK : KEYS_IN_USE
  extent.progress('preparing')
  const known = activeIndexes(inUse, inUse).map((index) => verifying(store, index))
  const unknown = Array.from({ length: UNKNOWN }, (_, index) => verifying(store, UNKNOWN_FROM + index))
  await expectCode(latchkey, known[0]!, 'VALID')
  await expectCode(latchkey, unknown[0]!, 'NOT_FOUND')
  const [hit, miss] = [known, unknown].map((requests) => ({
    durationMs: extent.usageSliceMs,
    next: cycle(requests),
  })) as [Asking, Asking]
  await warmUp(latchkey, hit, inUse)
  await warmUp(latchkey, miss, inUse)
  await settled(latchkey, store)
  const measured = await alternate(extent, {
    unknown: ratePerCpuSecond(latchkey, miss),
    valid: ratePerCpuSecond(latchkey, hit),
  })
  const durationMs = extent.sliceMs
  const times = await alternate(extent, {
    unknown: () => p50Us(latchkey, { ...miss, durationMs }),
    valid: () => p50Us(latchkey, { ...hit, durationMs }),
  })
  return [
    rowOf({
      id: 'V9',
      what: 'POST /verify of keys that nobody made, each asked for in the store ÷ of valid keys in memory',
      rounds: ratios(measured.unknown, measured.valid),
      isBetter: 'higher',
      floor: 0.9,
      goal: 1,
      note: rates(measured, 'requests per CPU second'),
    }),
    rowOf({
      id: 'V9b',
      what: 'how far the p50 of an unknown key is from that of a valid one, one caller',
      unit: 'µs',
      rounds: times.unknown.map((time, round) => Math.abs(time - times.valid[round]!)),
      isBetter: 'lower',
      goal: 50,
      note: `p50 of an unknown key ${Math.round(median(times.unknown))}, of a valid one ${Math.round(median(times.valid))} µs`,
    }),
  ]
}

type Asking = { readonly durationMs: number; readonly next: () => Buffer }

const verifying = ({ adminKey }: BenchStore, index: number): Buffer =>
  requestText('POST', '/verify', {
    headers: { 'x-api-key': adminKey },
    body: { key: secretAt(index).reveal(), ip: ALLOWED_ADDRESS, permissions: ['app:read'] },
  })

async function expectCode(server: Running, request: Buffer, code: string): Promise<void> {
  const { body } = await ask(server.port, request)
  const found = (JSON.parse(body) as { readonly code?: string }).code
  if (found !== code) throw new Error(`expected ${code}, the answer was ${body}`)
}

const p50Us = async (server: Running, asking: Asking): Promise<number> =>
  1_000 * quantile(await latenciesMs(server, asking), 0.5)
