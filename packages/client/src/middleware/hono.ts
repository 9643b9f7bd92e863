import { responseOf, seenOfFetch } from './fetch.ts'
import { createGuard, type GuardOptions } from './guard.ts'
import { noteKey } from './key-of.ts'
import { type NodeRequest, seenOfNode } from './node-request.ts'
import type { Seen } from './seen.ts'

interface HonoContext {
  req: { raw: { headers: Headers } }
  /** What the server hands to Hono besides the request. */
  env: unknown
}

/** By Hono's adapter for Node: Node's own request. By Bun: its server. By Deno: the connection. */
interface Handed {
  incoming?: NodeRequest
  requestIP?(request: unknown): { address: string } | null
  remoteAddr?: { hostname?: unknown }
}

/**
 * For Hono: `app.use('*', requireKey(options))`. Before Hono 4, what is used without a path is for `/` only. `keyOf`
 * takes the context, or its `req.raw`.
 */
export function requireKey<Context extends HonoContext>(
  options: GuardOptions<Context>,
): (context: Context, next: () => Promise<void>) => Promise<Response | undefined> {
  const guard = createGuard(options)
  return async (context, next) => {
    const { raw } = context.req
    const decision = await guard(seenOf(raw, (context.env ?? {}) as Handed), context)
    if ('refusal' in decision) return responseOf(decision.refusal)
    noteKey(decision.key, context, raw)
    await next()
    return undefined
  }
}

function seenOf(raw: { headers: Headers }, handed: Handed): Seen {
  const { incoming, remoteAddr } = handed
  if (incoming?.rawHeaders !== undefined) return seenOfNode(incoming)
  const peer = typeof handed.requestIP === 'function' ? handed.requestIP(raw)?.address : remoteAddr?.hostname
  return seenOfFetch(raw, typeof peer === 'string' ? peer : undefined)
}
