import { isInactive } from './fill.ts'
import { cycle, requestText } from './request-text.ts'
import { secretAt, shuffledIndexes } from './secrets.ts'

/** Requests prepared before anything is measured, at most: some 25 MB. */
const PREPARED_MAX = 100_000

export const preparedOf = (keys: number): number => Math.min(keys, PREPARED_MAX)

/** Indexes of active keys among the first `keys` of a store, in no order. */
export function activeIndexes(count: number, keys: number): number[] {
  return shuffledIndexes(count, keys).map((index) => (isInactive(index) ? index - 1 : index))
}

const CHECK = '/gateway/check?permission=app:read'
/** An address the keys allow, as the proxy before the service tells it. */
export const ALLOWED_ADDRESS = '10.20.30.40'

/** Gateway checks by keys drawn from the first `keys` of a store, from an address they allow. */
export function gatewayChecks(keys: number): () => Buffer {
  const requests = activeIndexes(preparedOf(keys), keys).map((index) =>
    requestText('GET', CHECK, {
      headers: { 'x-forwarded-for': ALLOWED_ADDRESS, 'x-api-key': secretAt(index).reveal() },
    }),
  )
  return cycle(requests)
}

/** The same by one credential, in whatever header it goes. */
export function gatewayCheckBy(headers: Readonly<Record<string, string>>): Buffer {
  return requestText('GET', CHECK, { headers: { 'x-forwarded-for': ALLOWED_ADDRESS, ...headers } })
}
