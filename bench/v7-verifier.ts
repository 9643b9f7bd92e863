import { type Extent, type Row, rowOf } from './figure.ts'
import type { Stores } from './stores.ts'
import { measureVerifyLoop } from './verify-loop.ts'

/** Half of what the cache holds: these stay in memory whatever the order. */
const IN_USE = 40_000
const SMALL = 100_000
const LARGE = 10_000_000

/** The verifier without HTTP around it. */
export async function v7Verifier(extent: Extent, stores: Stores): Promise<Row[]> {
  const small = { isBetter: 'higher', floor: 0.25, goal: 0.4 } as const
  const large = { isBetter: 'higher', floor: 0.15, goal: 0.3 } as const
  const cases = [
    { id: 'V7', keys: SMALL, inUse: SMALL, marks: small },
    { id: 'V7b', keys: SMALL, inUse: IN_USE, marks: small },
    ...(extent.isLarge
      ? [
          { id: 'V7c', keys: LARGE, inUse: LARGE, marks: large },
          { id: 'V7d', keys: LARGE, inUse: IN_USE, marks: large },
        ]
      : []),
  ]
  const rows: Row[] = []
  for (const { id, keys, inUse, marks } of cases) {
    const what = `in-process verify by ${inUse.toLocaleString('en')} of ${keys.toLocaleString('en')} keys ÷ raw fingerprint loop`
    rows.push(rowOf({ id, what, ...marks, ...(await measureVerifyLoop(extent, stores, { keys, inUse })) }))
  }
  return rows
}
