import type { Extent } from './figure.ts'
import { alternate, rates, ratios } from './rounds.ts'
import {
  cacheCounts,
  type Running,
  ratePerCpuSecond,
  settled,
  type startBare,
  startLatchkey,
  warmUp,
} from './running.ts'
import type { BenchStore } from './stores.ts'

/** A bare server has nothing to fill, only code to compile. */
const BARE_WARM_UP_ANSWERS = 10_000
const BARE_SLICE_MS_MAX = 4_000

type Comparison = {
  readonly store: BenchStore
  readonly bare: Awaited<ReturnType<typeof startBare>>
  readonly next: () => Buffer
  /** Requests before the first round; at least what fills the cache. */
  readonly warmUpAnswers: number
  /** How long the service is measured in each round. */
  readonly sliceMs: number
}

/** The service against a bare server: the same requests, requests per CPU second of each. */
export async function compareWithBare(
  extent: Extent,
  { store, bare, next, warmUpAnswers, sliceMs }: Comparison,
): Promise<{ rounds: number[]; note: string }> {
  await using latchkey = await startLatchkey(store)
  const load = { durationMs: sliceMs, next }
  // It has no work but that for requests: a part of the time tells as much.
  const bareLoad = { durationMs: Math.min(sliceMs, BARE_SLICE_MS_MAX), next }
  extent.progress('warming up')
  await warmUp(latchkey, load, warmUpAnswers)
  await settled(latchkey, store)
  await warmUp(bare, bareLoad, Math.min(warmUpAnswers, BARE_WARM_UP_ANSWERS))
  const before = await cacheCounts(latchkey)
  const measured = await alternate(extent, {
    latchkey: ratePerCpuSecond(latchkey, load),
    bare: ratePerCpuSecond(bare, bareLoad),
  })
  return {
    rounds: ratios(measured.latchkey, measured.bare),
    note: `${rates(measured, 'requests per CPU second')}; ${await hitShare(latchkey, before)}`,
  }
}

async function hitShare(latchkey: Running, before: { hits: number; loads: number }): Promise<string> {
  const after = await cacheCounts(latchkey)
  const hits = after.hits - before.hits
  const all = hits + after.loads - before.loads
  return `${((hits / all) * 100).toFixed(1)} % of keys found in memory`
}
