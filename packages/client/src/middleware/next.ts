import { type Connection, requireKey } from './fetch.ts'
import type { GuardOptions } from './guard.ts'

/**
 * For route handlers of Next. Next does not say who is at the other end: a key restricted to addresses needs
 * `clientAddress`, as a function that knows what your host or proxy says, or `peerOf`.
 */
export function withKey<Request extends { headers: Headers }, Rest extends unknown[]>(
  handler: (request: Request, ...rest: Rest) => Response | Promise<Response>,
  options: GuardOptions<Request> & { peerOf?: (request: Request) => string | undefined },
): (request: Request, ...rest: Rest) => Promise<Response> {
  const { peerOf, ...guarded } = options
  const guard = requireKey<Request>(guarded)
  return async (request, ...rest) => {
    const connection: Connection = { peer: peerOf?.(request) }
    return (await guard(request, connection)) ?? handler(request, ...rest)
  }
}
