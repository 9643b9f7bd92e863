import { compareWithBare } from './against-bare.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { gatewayChecks, preparedOf } from './gateway-checks.ts'
import { startBare } from './running.ts'
import type { Stores } from './stores.ts'

const KEYS = 100_000
/** Half of what the cache holds: these stay in memory whatever the order. */
const KEYS_IN_USE = 40_000
const KEYS_IN_USE_QUICK = 10_000

/** What a gateway pays for asking, against a server that answers without looking. */
export async function v1GatewayCheck(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.of(KEYS)
  const marks = { isBetter: 'higher', floor: 0.5, goal: 0.7 } as const
  const rows: Row[] = []
  for (const [id, keys] of [
    ['V1', extent.isQuick ? KEYS_IN_USE : KEYS],
    ['V1b', extent.isQuick ? KEYS_IN_USE_QUICK : KEYS_IN_USE],
  ] as const) {
    await using bare = await startBare('constant')
    const compared = await compareWithBare(extent, {
      store,
      bare,
      next: gatewayChecks(keys),
      warmUpAnswers: preparedOf(keys),
      sliceMs: extent.usageSliceMs,
    })
    const what = `gateway check (key header, allowlist, permission) by ${keys / 1_000} k of 100 k keys ÷ bare node:http`
    rows.push(rowOf({ id, what, ...marks, ...compared }))
  }
  return rows
}
