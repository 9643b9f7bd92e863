import { createGuard, type GuardOptions } from './guard.ts'
import { noteKey } from './key-of.ts'
import { type NodeRequest, seenOfNode } from './node-request.ts'

type Held = NodeRequest | { raw: NodeRequest }

interface Replying {
  writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown }
}

type Reply = Replying | { raw: Replying; hijack(): unknown }

interface ExecutionContext {
  switchToHttp(): { getRequest(): unknown; getResponse(): unknown }
}

/** For Nest, on Express or Fastify: `app.useGlobalGuards(new KeyGuard(options))` or `@UseGuards(new KeyGuard(options))`. */
export class KeyGuard<Request = unknown> {
  readonly #guard: ReturnType<typeof createGuard<Request>>

  constructor(options: GuardOptions<Request>) {
    this.#guard = createGuard(options)
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp()
    const request = http.getRequest() as Held
    const raw = 'raw' in request ? request.raw : request
    const decision = await this.#guard(seenOfNode(raw), request as Request)
    if ('key' in decision) {
      noteKey(decision.key, request, raw)
      return true
    }
    const { status, headers, problem } = decision.refusal
    const reply = http.getResponse() as Reply
    if ('hijack' in reply) reply.hijack()
    const response = 'raw' in reply ? reply.raw : reply
    // Answered here, in the form of every other refusal; Nest then finds it answered.
    response.writeHead(status, headers).end(JSON.stringify(problem))
    return false
  }
}
