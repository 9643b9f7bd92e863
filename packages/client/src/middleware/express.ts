import { createGuard, type GuardOptions } from './guard.ts'
import { noteKey } from './key-of.ts'
import { type NodeRequest, seenOfNode } from './node-request.ts'

interface NodeResponse {
  readonly headersSent?: boolean
  writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown }
}

/** For Express, Connect and whatever has their middleware. Put it before what reads bodies. */
export function requireKey<Request extends NodeRequest>(
  options: GuardOptions<Request>,
): (request: Request, response: NodeResponse, next: (error?: unknown) => void) => void {
  const guard = createGuard(options)
  return (request, response, next) => {
    guard(seenOfNode(request), request).then((decision) => {
      if ('key' in decision) {
        noteKey(decision.key, request)
        return next()
      }
      // A time limit of the application was sooner.
      if (response.headersSent) return
      const { status, headers, problem } = decision.refusal
      response.writeHead(status, headers).end(JSON.stringify(problem))
    }, next)
  }
}

interface KoaContext {
  req: NodeRequest
  status: number
  body: unknown
  set(headers: Record<string, string>): void
}

/** For Koa. `keyOf` takes the context, or its `req`. */
export function requireKeyInKoa<Context extends KoaContext>(
  options: GuardOptions<Context>,
): (context: Context, next: () => Promise<unknown>) => Promise<void> {
  const guard = createGuard(options)
  return async (context, next) => {
    const decision = await guard(seenOfNode(context.req), context)
    if ('refusal' in decision) {
      const { status, headers, problem } = decision.refusal
      context.status = status
      context.set(headers)
      context.body = JSON.stringify(problem)
      return
    }
    noteKey(decision.key, context, context.req)
    await next()
  }
}
