import type { UsageSum } from '@latchkey/contract/schemas/usage'
import { OUTCOME_CODES } from '@latchkey/core/outcome-code'
import type { NetworkUse } from '../../storage/tables/usage-networks.ts'
import { presentTime } from './present-time.ts'

/** In the order of the verdicts, as they are stored; behind them the uses of a replaced secret. */
type Counts = readonly number[]

/** What was counted of a day, key, user or code. */
export type Sum = { readonly id: string; readonly counts: Counts }

/** The codes of all of them together. */
export function sumByCode(sums: readonly Sum[]): Sum[] {
  const codes = OUTCOME_CODES.map((code, index) => ({
    id: code,
    counts: OUTCOME_CODES.map((_, other) =>
      other === index ? sums.reduce((all, { counts }) => all + (counts[index] ?? 0), 0) : 0,
    ),
  }))
  return mostFirst(codes.filter(({ counts }) => totalOf(counts) > 0))
}

export const mostFirst = (sums: readonly Sum[]): Sum[] =>
  sums.toSorted((one, other) => totalOf(other.counts) - totalOf(one.counts) || (one.id < other.id ? -1 : 1))

/** What did not happen is left out. */
export const presentCounts = (counts: Counts): UsageSum['counts'] =>
  Object.fromEntries(
    OUTCOME_CODES.map((code, index) => [code, counts[index] ?? 0] as const).filter(([, count]) => count > 0),
  )

export const previousSecretsIn = (counts: Counts): number => counts[OUTCOME_CODES.length] ?? 0

export const presentSum = (id: string, counts: Counts): UsageSum => ({
  id,
  total: totalOf(counts),
  counts: presentCounts(counts),
})

const totalOf = (counts: Counts): number =>
  counts.slice(0, OUTCOME_CODES.length).reduce((sum, count) => sum + count, 0)

export const presentNetwork = ({ network, address, firstAtMs, lastAtMs }: NetworkUse) => ({
  network,
  address,
  firstAt: presentTime(firstAtMs),
  lastAt: presentTime(lastAtMs),
})
