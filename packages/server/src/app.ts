import { type OperationId, operations } from '@latchkey/contract/operations'
import { formatAddress } from '@latchkey/core/address'
import { AppError } from '@latchkey/core/error'
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { answerBroken } from './http/broken-request.ts'
import { clientAddress } from './http/client-address.ts'
import type { Handler, RequestFacts } from './http/context.ts'
import { allowOrigin } from './http/cors.ts'
import { createFailedAttempts } from './http/failed-attempts.ts'
import { registerGateway } from './http/gateway.ts'
import { answerMissing, collectRoutes } from './http/missing-routes.ts'
import { registerOAuth } from './http/oauth.ts'
import { registerPages } from './http/pages.ts'
import { publicError, sendProblem } from './http/problem.ts'
import { findFault, HEADERS_MAX } from './http/request-checks.ts'
import { createRequestIds } from './http/request-id.ts'
import { registerOperation } from './http/route.ts'
import { handlers } from './http/routes/index.ts'
import { createSlowReads } from './http/slow-reads.ts'
import type { Services } from './services.ts'

declare module 'fastify' {
  interface FastifyRequest {
    facts: RequestFacts
  }
  interface FastifyContextConfig {
    operationId?: OperationId
  }
}

/** Enough for every client of a busy gateway; beyond it the kernel's backlog makes new ones wait. */
const CONNECTIONS_MAX = 10_000
const HEADERS_BYTES_MAX = 16 * 1024
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 15_000
/** How often the two above are looked at. */
const CHECKING_INTERVAL_MS = 1_000
/** Longer than a load balancer keeps an idle connection (60 s is usual), so that it closes first. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000

/** The HTTP service over the given services: the same in production and in tests. Not listening yet. */
export function createApp(services: Services): FastifyInstance {
  const newRequestId = createRequestIds(services.clock, services.randomBytes)
  const app = Fastify({
    logger: false,
    genReqId: newRequestId,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    http: {
      maxHeaderSize: HEADERS_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECKING_INTERVAL_MS,
      // Answered by findFault, with a problem and a request id.
      requireHostHeader: false,
    },
    // An id of any length is looked up and not found; it must not become another kind of error.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: HEADERS_BYTES_MAX },
    clientErrorHandler: (error, socket) => answerBroken(error, socket, newRequestId()),
    frameworkErrors: (_error, request, reply) => {
      request.facts = {
        requestId: request.id,
        startedAtMs: performance.now(),
        address: undefined,
        principal: undefined,
      }
      // The hooks have not run: what they put on every answer is put on here.
      markAnswer(reply, request.id)
      sendProblem(
        reply,
        new AppError('route_not_found', 'There is nothing at this path: see /docs.'),
        request.id,
      )
    },
  })
  app.server.maxConnections = CONNECTIONS_MAX
  app.server.maxHeadersCount = HEADERS_MAX + 1
  app.decorateRequest('facts')
  // Bodies are read by the operations that have one, after permission is given. The framework must not look at
  // them, nor at their type: what it cannot read it would answer in its own way.
  for (const method of app.supportedMethods) app.addHttpMethod(method, { overrideExisting: true })

  addHooks(app, services)
  const routes = collectRoutes(app)
  app.setNotFoundHandler(answerMissing(routes, services.config.corsOrigins))
  registerPages(app, services.metrics)
  registerOperations(app, services)
  return app
}

function registerOperations(app: FastifyInstance, services: Services): void {
  const deps = {
    ...services,
    slowReads: createSlowReads(),
    inFlight: new Map<string, Promise<void>>(),
    failedAttempts: createFailedAttempts(services.config.failedAuthPerMinuteMax),
  }
  registerOAuth(app, deps)
  registerGateway(app, deps)
  for (const id of Object.keys(operations) as OperationId[]) {
    registerOperation(app, deps, id, handlers[id] as Handler<OperationId>)
  }
}

function addHooks(app: FastifyInstance, services: Services): void {
  const { config, events, metrics } = services
  // With callbacks: a promise for each hook of each request would be a tenth of its cost.
  app.addHook('onRequest', (request, reply, done) => {
    request.facts = {
      requestId: request.id,
      startedAtMs: performance.now(),
      address: clientAddress(request.raw, config.trustedProxies),
      principal: undefined,
    }
    markAnswer(reply, request.id)
    allowOrigin(request, reply, config.corsOrigins)
    const fault = findFault(request.raw)
    if (fault === undefined) done()
    // After the parser has looked at the bytes that follow: what is broken twice is answered once.
    else setImmediate(done, fault)
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { requestId, startedAtMs, address, principal } = request.facts
    const durationMs = performance.now() - startedAtMs
    const operation = operationOf(request)
    metrics.requestAnswered(operation, reply.statusCode, durationMs)
    events.requestAnswered(() => ({
      requestId,
      method: request.method,
      operation,
      status: reply.statusCode,
      durationMs: Math.round(durationMs * 100) / 100,
      address: address === undefined ? null : formatAddress(address),
      principalId: principal?.id ?? null,
    }))
    done()
  })
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const shown = publicError(error)
    const { requestId } = request.facts
    const isOurs = shown.code === 'internal_error' || shown.cause !== undefined
    if (isOurs) events.requestFailed({ requestId, operation: operationOf(request), error })
    // The rest of such a body is not waited for.
    if (shown.code === 'payload_too_large') reply.header('connection', 'close')
    return sendProblem(reply, shown, requestId)
  })
}

function markAnswer(reply: FastifyReply, requestId: string): void {
  reply.header('x-request-id', requestId)
  reply.header('cache-control', 'no-store')
  reply.header('x-content-type-options', 'nosniff')
}

function operationOf(request: FastifyRequest): string {
  return request.routeOptions.config.operationId ?? request.routeOptions.url ?? 'none'
}
