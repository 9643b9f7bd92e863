import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { IN_FORCE } from '@latchkey/core/evaluate'
import type { Services } from '@latchkey/server'
import { type Extent, type Row, rowOf } from './figure.ts'
import { secretAt } from './secrets.ts'
import { openStore, type Stores } from './stores.ts'

/** As many as the cache holds. */
const KEYS = 100_000
/** Bytes vary by less than one of a hundred from one time to the next. */
const ROUNDS = 3

/** Memory for each key in the cache, with all that is kept to find and judge it. */
export async function v8CachedKeys(extent: Extent, stores: Stores): Promise<Row[]> {
  const services = await openStore(await stores.of(KEYS))
  try {
    const rounds: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      extent.progress(`round ${round + 1} of ${ROUNDS}`)
      services.verifier.clear()
      const emptyBytes = usedBytes()
      loadAll(services)
      rounds.push((usedBytes() - emptyBytes) / services.verifier.size)
    }
    const what = `memory for each key in a cache of ${KEYS.toLocaleString('en')}`
    return [rowOf({ id: 'V8', what, unit: 'bytes', rounds, isBetter: 'lower', goal: 200 })]
  } finally {
    await services.dispose()
  }
}

function loadAll({ verifier }: Services): void {
  const attempt = { ...IN_FORCE, address: undefined, nowMs: Date.now() }
  for (let index = 0; index < KEYS; index++) verifier.verify(secretAt(index), attempt)
}

/** What is in use of the heap and beside it, when everything unused has been collected. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
