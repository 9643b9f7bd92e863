import { createGuard, type GuardOptions } from './guard.ts'
import { noteKey } from './key-of.ts'
import type { Refusal } from './refusal.ts'
import type { Seen } from './seen.ts'

/** What a request of the fetch standard does not say by itself. */
export interface Connection {
  /** The address of the connection's other end, from whatever runs the application. */
  peer?: string | undefined
}

/** For everything that takes a Request and answers a Response. Answers the refusal; undefined: it may pass. */
export function requireKey<Request extends { headers: Headers }>(
  options: GuardOptions<Request>,
): (request: Request, connection?: Connection) => Promise<Response | undefined> {
  const guard = createGuard(options)
  return async (request, { peer } = {}) => {
    const decision = await guard(seenOfFetch(request, peer), request)
    if ('refusal' in decision) return responseOf(decision.refusal)
    noteKey(decision.key, request)
    return undefined
  }
}

/** What was sent twice stands there with a comma between, and no credential has one. */
export function seenOfFetch({ headers }: { headers: Headers }, peer: string | undefined): Seen {
  return {
    peer,
    values(name) {
      const value = headers.get(name)
      return value === null ? [] : [value]
    },
  }
}

export const responseOf = ({ status, headers, problem }: Refusal): Response =>
  new Response(JSON.stringify(problem), { status, headers })
