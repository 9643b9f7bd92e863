import { type Extent, type Row, rowOf } from './figure.ts'
import { ratios } from './rounds.ts'
import type { Stores } from './stores.ts'
import { measureVerifyLoop } from './verify-loop.ts'

const FEW = 10_000

/** What a verification costs more when there are more keys; each against the raw loop beside it. */
export async function v11VerifyGrowth(extent: Extent, stores: Stores): Promise<Row[]> {
  const rows: Row[] = []
  const few = await measureVerifyLoop(extent, stores, { keys: FEW, inUse: FEW })
  const sizes = extent.isLarge ? [100_000, 10_000_000] : [100_000]
  for (const [index, keys] of sizes.entries()) {
    const many = await measureVerifyLoop(extent, stores, { keys, inUse: keys })
    rows.push(
      rowOf({
        id: index === 0 ? 'V11' : 'V11b',
        what: `cost of an in-process verify, all keys in use, 10,000 → ${keys.toLocaleString('en')} keys, divided by the raw loop`,
        rounds: ratios(few.rounds, many.rounds),
        isBetter: 'lower',
        floor: 2.5,
        goal: 1.6,
        note: `few: ${few.note}; many: ${many.note}`,
      }),
    )
  }
  return rows
}
