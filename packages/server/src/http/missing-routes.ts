import { AppError } from '@latchkey/core/error'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { allowOrigin } from './cors.ts'
import { sendProblem } from './problem.ts'

/** Methods by path pattern, for what the router itself does not answer: OPTIONS and 405. */
export type RouteMethods = Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>

/** Notes every route as it is registered. Call before the first one. */
export function collectRoutes(app: FastifyInstance): RouteMethods {
  const routes: RouteMethods = new Map()
  app.addHook('onRoute', ({ url, method }) => {
    const entry = routes.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() }
    for (const name of [method].flat()) entry.methods.add(name)
    routes.set(url, entry)
  })
  return routes
}

/** `/keys/:keyId` → a pattern for the whole path, trailing slash or not. */
function patternOf(url: string): RegExp {
  const segments = url
    .split('/')
    .map((segment) => (segment.startsWith(':') ? '[^/]+' : RegExp.escape(segment)))
  return new RegExp(`^${segments.join('/')}/?$`)
}

/** Answers OPTIONS with what a path allows, a wrong method with 405, and the rest with 404. */
export function answerMissing(routes: RouteMethods, corsOrigins: readonly string[]) {
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const [path = '/'] = request.url.split('?', 1)
    const methods = new Set<string>()
    for (const route of routes.values()) {
      if (route.pattern.test(path)) for (const method of route.methods) methods.add(method)
    }
    const { requestId } = request.facts
    if (methods.size === 0) {
      return sendProblem(
        reply,
        new AppError('route_not_found', 'There is nothing at this path: see /docs.'),
        requestId,
      )
    }
    const allow = [...methods, 'OPTIONS'].sort().join(', ')
    reply.header('allow', allow)
    if (request.method === 'OPTIONS') {
      allowOrigin(request, reply, corsOrigins, allow)
      return reply.code(204).send()
    }
    const detail = `${request.method} is not possible here; possible are ${allow}.`
    return sendProblem(reply, new AppError('method_not_allowed', detail), requestId)
  }
}
