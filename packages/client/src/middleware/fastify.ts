import { createGuard, type GuardOptions } from './guard.ts'
import { noteKey } from './key-of.ts'
import { type NodeRequest, seenOfNode } from './node-request.ts'

/** What the options' functions are given, unless they name Fastify's own type. */
interface FastifyRequest {
  raw: NodeRequest
  method: string
  url: string
  params: unknown
  query: unknown
}

interface FastifyReply {
  code(status: number): unknown
  headers(headers: Record<string, string>): unknown
  send(body: string): unknown
}

/** For Fastify: a hook, best as `onRequest`, which comes before the body. */
export function requireKey<Request extends FastifyRequest = FastifyRequest>(
  options: GuardOptions<Request>,
  // Not taken from where the hook is used: of one route Fastify's types would make it `never`.
): (request: NoInfer<Request>, reply: FastifyReply) => Promise<unknown> {
  const guard = createGuard(options)
  return async (request, reply) => {
    const decision = await guard(seenOfNode(request.raw), request)
    if ('refusal' in decision) {
      const { status, headers, problem } = decision.refusal
      reply.code(status)
      reply.headers(headers)
      // What is sent in a hook ends the request there.
      return reply.send(JSON.stringify(problem))
    }
    noteKey(decision.key, request, request.raw)
    return undefined
  }
}
