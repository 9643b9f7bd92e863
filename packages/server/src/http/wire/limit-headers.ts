import { AppError } from '@latchkey/core/error'
import type { LimitState } from '@latchkey/core/limit-bucket'
import type { Charged } from '@latchkey/core/limited-key'

/**
 * How the limits of a key stand, as header fields (draft-ietf-httpapi-ratelimit-headers): lists of structured fields
 * (RFC 9651), in the order of the limits. Names need no escape.
 */
export function limitHeaders(states: readonly LimitState[]): Readonly<Record<string, string>> {
  return {
    'ratelimit-policy': states.map(({ name, max, span }) => `"${name}";q=${max}${windowOf(span)}`).join(', '),
    ratelimit: states
      .map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`)
      .join(', '),
  }
}

/** A month has no length of its own. */
function windowOf(span: LimitState['span']): string {
  if (span === 'month') return ''
  return `;w=${span === 'day' ? 86_400 : span}`
}

/** The key is in order, and was used too often. */
export function limitedError({ states, limitedBy, retryAfterSeconds }: Charged): AppError {
  const wait =
    retryAfterSeconds === null
      ? 'it counts for more than the whole limit: send a smaller cost.'
      : `try again in ${retryAfterSeconds} s.`
  return new AppError('key_rate_limited', `The limit ${limitedBy} of the key has no room for this: ${wait}`, {
    headers: limitHeaders(states),
    ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
  })
}
