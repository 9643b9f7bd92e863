import type { FastifyReply, FastifyRequest } from 'fastify'

const REQUEST_HEADERS = 'Authorization, Content-Type, Idempotency-Key, If-Match, X-API-KEY, X-Company-Id'
const ANSWER_HEADERS = 'ETag, Idempotent-Replayed, Link, Location, Retry-After, X-Request-Id'

/**
 * Lets a page of a listed origin read the answer (Fetch standard, CORS protocol). Never a wildcard, never
 * cookies. `preflightAllow` is the methods of a preflight's path.
 */
export function allowOrigin(
  request: FastifyRequest,
  reply: FastifyReply,
  origins: readonly string[],
  preflightAllow?: string,
): void {
  if (origins.length === 0) return
  reply.header('vary', 'Origin')
  const { origin } = request.headers
  if (origin === undefined || !origins.includes(origin)) return
  reply.header('access-control-allow-origin', origin)
  if (preflightAllow === undefined) {
    reply.header('access-control-expose-headers', ANSWER_HEADERS)
    return
  }
  reply.header('access-control-allow-methods', preflightAllow)
  reply.header('access-control-allow-headers', REQUEST_HEADERS)
  reply.header('access-control-max-age', 600)
}
