import { type Extent, type Row, rowOf } from './figure.ts'
import { activeIndexes, gatewayCheckBy } from './gateway-checks.ts'
import { ask } from './load.ts'
import { alternate } from './rounds.ts'
import { startLatchkey } from './running.ts'
import { secretAt } from './secrets.ts'
import type { Stores } from './stores.ts'

/** A store with many keys starts as an empty one does: nothing is loaded before somebody asks. */
export async function m2FirstAnswer(extent: Extent, stores: Stores): Promise<Row[]> {
  const keys = extent.isQuick ? 100_000 : 1_000_000
  const store = await stores.of(keys)
  const indexes = activeIndexes(extent.rounds, keys)
  const { start } = await alternate(extent, {
    start: async () => {
      const request = gatewayCheckBy({ 'x-api-key': secretAt(indexes.pop()!).reveal() })
      const startedAtMs = performance.now()
      await using server = await startLatchkey(store)
      const { status, body } = await ask(server.port, request)
      if (status !== 200) throw new Error(`a valid key was answered ${status}: ${body}`)
      return (performance.now() - startedAtMs) / 1_000
    },
  })
  const what = `start with ${keys.toLocaleString('en')} keys to the first correct answer`
  return [rowOf({ id: 'M2', what, rounds: start, isBetter: 'lower', floor: 2, goal: 1, unit: 's' })]
}
