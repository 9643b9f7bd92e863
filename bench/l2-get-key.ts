import { compareWithBare } from './against-bare.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { getRequest, idAtOffset } from './key-requests.ts'
import { cycle } from './request-text.ts'
import { startBare, startLatchkey } from './running.ts'
import type { Stores } from './stores.ts'

const KEYS = 100_000
const KEYS_READ = 50
const WARM_UP_ANSWERS = 10_000

/** GET /keys/{keyId}: authenticated, read from the store, presented. */
export async function l2GetKey(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.of(KEYS)
  const ids: string[] = []
  {
    await using latchkey = await startLatchkey(store)
    for (let index = 0; index < KEYS_READ; index++) {
      ids.push(await idAtOffset(latchkey, store, Math.floor((index * KEYS * 0.9) / KEYS_READ)))
    }
  }
  await using bare = await startBare('constant')
  const compared = await compareWithBare(extent, {
    store,
    bare,
    next: cycle(ids.map((id) => getRequest(store, id))),
    warmUpAnswers: WARM_UP_ANSWERS,
    sliceMs: extent.sliceMs,
  })
  const what = 'GET /keys/{keyId} ÷ bare node:http'
  return [rowOf({ id: 'L2', what, isBetter: 'higher', floor: 0.25, goal: 0.4, ...compared })]
}
