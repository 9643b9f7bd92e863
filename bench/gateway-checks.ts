import { isInactive } from './fill.ts'
import { cycle, requestText } from './request-text.ts'
import { secretAt, shuffledIndexes } from './secrets.ts'

/** Requests prepared before anything is measured: some 25 MB. */
const PREPARED = 100_000

/** Indexes of active keys among the first `keys` of a store, in no order. */
export function activeIndexes(count: number, keys: number): number[] {
  return shuffledIndexes(count, keys).map((index) => (isInactive(index) ? index - 1 : index))
}

/** Gateway checks by keys drawn from the first `keys` of a store, from an address they allow. */
export function gatewayChecks(keys: number): () => Buffer {
  const requests = activeIndexes(PREPARED, keys).map((index) =>
    requestText('GET', '/gateway/check?permission=app:read', {
      headers: { 'x-forwarded-for': '10.20.30.40', 'x-api-key': secretAt(index).reveal() },
    }),
  )
  return cycle(requests)
}
