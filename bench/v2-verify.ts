import { compareWithBare } from './against-bare.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { ALLOWED_ADDRESS, activeIndexes } from './gateway-checks.ts'
import { cycle, requestText } from './request-text.ts'
import { startBare } from './running.ts'
import { secretAt } from './secrets.ts'
import type { Stores } from './stores.ts'

const KEYS = 100_000
/** Half of what the cache holds: these stay in memory whatever the order. */
const KEYS_IN_USE = 40_000
const KEYS_IN_USE_QUICK = 10_000

/** POST /verify by the operator, against a server that reads JSON and answers JSON. */
export async function v2Verify(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.of(KEYS)
  await using bare = await startBare('json')
  const inUse = extent.isQuick ? KEYS_IN_USE_QUICK : KEYS_IN_USE
  const requests = activeIndexes(inUse, inUse).map((index) =>
    requestText('POST', '/verify', {
      headers: { 'x-api-key': store.adminKey },
      body: { key: secretAt(index).reveal(), ip: ALLOWED_ADDRESS, permissions: ['app:read'] },
    }),
  )
  const compared = await compareWithBare(extent, {
    store,
    bare,
    next: cycle(requests),
    warmUpAnswers: inUse,
    sliceMs: extent.usageSliceMs,
  })
  const what = `POST /verify by ${inUse / 1_000} k of 100 k keys ÷ bare POST that parses and answers JSON`
  return [rowOf({ id: 'V2', what, isBetter: 'higher', floor: 0.5, goal: 0.75, ...compared })]
}
