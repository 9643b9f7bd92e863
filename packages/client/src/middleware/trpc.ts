import { seenOfFetch } from './fetch.ts'
import { createGuard, type GuardOptions } from './guard.ts'
import { noteKey } from './key-of.ts'
import { type NodeRequest, seenOfNode } from './node-request.ts'

type TrpcRequest = NodeRequest | { headers: Headers }

/** What tRPC calls the statuses. */
const CODES: Readonly<Record<number, string>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  429: 'TOO_MANY_REQUESTS',
  503: 'SERVICE_UNAVAILABLE',
}

/**
 * For tRPC: `t.procedure.use(requireKey(options))`. Its context must hold the request as `req`, as `createContext` gets
 * it. A refusal is an error of tRPC, with the problem as its cause.
 */
export function requireKey<Request extends TrpcRequest>(
  options: GuardOptions<Request>,
): <Result>(call: { ctx: { req: Request }; next: () => Promise<Result> }) => Promise<Result> {
  const guard = createGuard(options)
  return async ({ ctx: { req }, next }) => {
    const seen = 'rawHeaders' in req ? seenOfNode(req) : seenOfFetch(req, undefined)
    const decision = await guard(seen, req)
    if ('refusal' in decision) {
      const { status, problem } = decision.refusal
      // tRPC knows its errors by this name, from whichever package they come.
      throw Object.assign(new Error(problem.detail, { cause: problem }), {
        name: 'TRPCError',
        code: CODES[status] ?? 'FORBIDDEN',
      })
    }
    noteKey(decision.key, req)
    return next()
  }
}
