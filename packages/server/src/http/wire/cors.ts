import type { IncomingMessage } from 'node:http'
import type { AnswerHeaders } from './answer.ts'

const REQUEST_HEADERS = 'Authorization, Content-Type, Idempotency-Key, If-Match, X-API-KEY, X-Company-Id'
const ANSWER_HEADERS = 'ETag, Idempotent-Replayed, Link, Location, Retry-After, X-Request-Id'

/**
 * Lets a page of a listed origin read the answer (Fetch standard, CORS protocol). Never a wildcard, never
 * cookies.
 */
export function originHeaders(request: IncomingMessage, origins: readonly string[]): AnswerHeaders {
  if (origins.length === 0) return {}
  const vary = { vary: 'Origin' }
  const { origin } = request.headers
  if (origin === undefined || !origins.includes(origin)) return vary
  return { ...vary, 'access-control-allow-origin': origin, 'access-control-expose-headers': ANSWER_HEADERS }
}

/** The same for a preflight, besides; `allow` is the methods of its path. */
export function preflightHeaders(
  request: IncomingMessage,
  origins: readonly string[],
  allow: string,
): AnswerHeaders {
  const { origin } = request.headers
  if (origin === undefined || !origins.includes(origin)) return {}
  return {
    'access-control-allow-methods': allow,
    'access-control-allow-headers': REQUEST_HEADERS,
    'access-control-max-age': 600,
  }
}
