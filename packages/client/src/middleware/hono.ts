import { responseOf, seenOfFetch } from './fetch.ts'
import { createGuard, type GuardOptions } from './guard.ts'
import { noteKey } from './key-of.ts'
import { type NodeRequest, seenOfNode } from './node-request.ts'

interface HonoContext {
  req: { raw: { headers: Headers } }
  /** With Hono's adapter for Node it holds Node's own request. */
  env: unknown
}

/** For Hono. `keyOf` takes the context, or its `req.raw`. */
export function requireKey<Context extends HonoContext>(
  options: GuardOptions<Context>,
): (context: Context, next: () => Promise<void>) => Promise<Response | undefined> {
  const guard = createGuard(options)
  return async (context, next) => {
    const { incoming } = (context.env ?? {}) as { incoming?: NodeRequest }
    const { raw } = context.req
    const seen = incoming?.rawHeaders === undefined ? seenOfFetch(raw, undefined) : seenOfNode(incoming)
    const decision = await guard(seen, context)
    if ('refusal' in decision) return responseOf(decision.refusal)
    noteKey(decision.key, context, raw)
    await next()
    return undefined
  }
}
