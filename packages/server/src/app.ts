import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type OperationId, operations } from '@latchkey/contract/operations'
import { createFailedAttempts } from './http/admission/failed-attempts.ts'
import { createHoldings } from './http/admission/holdings.ts'
import { createSlowReads } from './http/admission/slow-reads.ts'
import { createTurns, type Turns } from './http/admission/turns.ts'
import { createTurnstile } from './http/admission/turnstile.ts'
import { type BrokenRequest, createBrokenAnswers } from './http/broken-request.ts'
import { registerKeyDays } from './http/console/key-days.ts'
import { registerKeyLimits } from './http/console/key-limits.ts'
import { registerKeyMakers } from './http/console/key-makers.ts'
import { registerOwnAccount } from './http/console/own-account-routes.ts'
import { registerConsolePages } from './http/console/pages.ts'
import { registerConsoleSession } from './http/console/session-routes.ts'
import { registerStoreFindings } from './http/console/store-findings.ts'
import { createDispatch, type Dispatch } from './http/dispatch.ts'
import { registerGateway } from './http/gateway/gateway.ts'
import { registerMetrics } from './http/metrics-page.ts'
import { registerOAuth } from './http/oauth/oauth.ts'
import { registerPages } from './http/pages.ts'
import { createReadiness, type Readiness } from './http/readiness.ts'
import { registerOperation } from './http/route.ts'
import { createRouter, type Router } from './http/router.ts'
import { handlers } from './http/routes/index.ts'
import type { Handler } from './http/schema/context.ts'
import { basePathOf } from './http/wire/base-path.ts'
import { createConnections } from './http/wire/connections.ts'
import { createPipelines } from './http/wire/pipelines.ts'
import { HEADERS_MAX } from './http/wire/request-checks.ts'
import { createRequestIds } from './http/wire/request-id.ts'
import type { Services } from './services.ts'

/** Enough for every client of a busy gateway; for one more the oldest idle one goes. */
const CONNECTIONS_MAX = 10_000
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 15_000
/** How often the two above are looked at. */
const CHECKING_INTERVAL_MS = 1_000
/** How long a service that stops waits for requests under way: longer than any write waits for its turn. */
const CLOSING_MS_MAX = 10_000
/**
 * How long a stopping service keeps a connection that has sent nothing: its request may be on the way, and would be
 * lost.
 */
const SILENT_MS_MAX = 1_000
/** A turn in which the event loop had nothing to do takes some 10 µs. */
const QUIET_TURN_MS_MAX = 0.05
/** A service that is never quiet closes all the same. */
const UNQUIET_MS_MAX = 5_000

/** Lists and batches that are being made: of the embedded store's 8 snapshots, two are left to quick reads. */
const TURNSTILE_LIMITS = { eachMax: 2, allMax: 6, waitingMax: 500, waitingOfAllMax: 20_000 }
/**
 * Large bodies that are taken in at once: few of one company, or all that it sends would be in memory together. A
 * company that sends slowly delays only its own.
 */
const BODY_LINE_LIMITS = { eachMax: 4, allMax: 10_000, waitingMax: 500, waitingOfAllMax: 20_000 }
/** Bytes of large bodies, and of answers in pieces that are not taken yet. The largest has some 7 MB. */
const HOLDING_LIMITS = { eachMax: 32 * 1024 * 1024, allMax: 256 * 1024 * 1024 }

/** The HTTP service: the same in production and in tests. */
export type App = {
  /** One request to its answer; what the server calls. */
  readonly dispatch: Dispatch
  /** Rejects with the error of the operating system. */
  listen(at: { readonly port: number; readonly host: string }): Promise<AddressInfo>
  readonly readiness: Readiness
  /**
   * Says that this service leaves, and goes on serving: `/readyz` answers 503, and each answer is the last of its
   * connection, so that clients and balancers go elsewhere before anything is closed.
   */
  leave(): void
  /** Takes no new connections, answers what is under way, lets go of the rest. */
  close(): Promise<void>
}

/** The HTTP service over the given services. Not listening yet. */
export function createApp(services: Services): App {
  const newRequestId = createRequestIds(services.clock, services.randomBytes)
  // An id of any length is looked up and not found.
  const router = createRouter(services.config.headerBytesMax)
  const basePath = basePathOf(services.config.publicUrl)
  const isConsoleBuilt = registerConsolePages(router, basePath)
  registerPages(router, services.config.publicUrl, isConsoleBuilt ? '/console' : '/docs')
  const turns = createTurns()
  services.engine.gatherWhile?.(turns.isWaited)
  const connections = createConnections(CONNECTIONS_MAX)
  const gatewayConnections = new WeakSet<Socket>()
  let isLeaving = false
  const readiness = createReadiness({ ...services, isLeaving: () => isLeaving })
  registerOperations(router, services, turns, gatewayConnections, readiness)
  const dispatch = createDispatch({
    ...services,
    router,
    turns,
    connections,
    pipelines: createPipelines(),
    newRequestId,
    isLeaving: () => isLeaving,
  })
  const { headerBytesMax, idleSeconds } = services.config
  const answerBroken = createBrokenAnswers({ ...services, newRequestId, basePath, gatewayConnections })
  const server = createHttpServer(dispatch, answerBroken, { headerBytesMax, idleMs: idleSeconds * 1_000 })
  server.on('connection', (socket) => connections.add(socket))
  return {
    dispatch,
    async listen({ port, host }) {
      await once(server.listen({ port, host }), 'listening')
      return server.address() as AddressInfo
    },
    readiness,
    leave() {
      isLeaving = true
      services.revocations.leave()
    },
    async close() {
      isLeaving = true
      services.revocations.leave()
      if (!server.listening) return
      await untilQuiet(server)
      const closed = once(server.close(), 'close')
      // A Node server that closes does not enforce its time limits any more.
      const hush = setTimeout(() => letSilentGo(connections), SILENT_MS_MAX)
      const cut = setTimeout(() => server.closeAllConnections(), CLOSING_MS_MAX)
      await closed
      clearTimeout(hush)
      clearTimeout(cut)
    },
  }
}

/**
 * A connection that was not accepted when the listener closes is reset, and its request is lost. So this waits for a
 * turn of the event loop in which nobody came and nothing was done: only what comes in the microseconds after it can be
 * lost.
 */
async function untilQuiet(server: Server): Promise<void> {
  let hasCome = false
  const come = () => {
    hasCome = true
  }
  server.on('connection', come)
  const beganAtMs = performance.now()
  let turnAtMs = beganAtMs
  let isQuiet = false
  while (!isQuiet && turnAtMs - beganAtMs < UNQUIET_MS_MAX) {
    hasCome = false
    turnAtMs = performance.now()
    await nextTurn()
    isQuiet = !hasCome && performance.now() - turnAtMs < QUIET_TURN_MS_MAX
  }
  server.off('connection', come)
}

function letSilentGo(connections: Iterable<Socket>): void {
  for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
}

type ServerLimits = { readonly headerBytesMax: number; readonly idleMs: number }

function createHttpServer(
  dispatch: Dispatch,
  answerBroken: (error: BrokenRequest, socket: Socket) => void,
  { headerBytesMax, idleMs }: ServerLimits,
): Server {
  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: idleMs,
      maxHeaderSize: headerBytesMax,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECKING_INTERVAL_MS,
      // Answered by findFault, with a problem and a request id.
      requireHostHeader: false,
    },
    dispatch,
  )
  // A server may ignore what a client expects (RFC 9110 §10.1.1); Node itself would answer in its own way.
  server.on('checkExpectation', dispatch)
  server.on('clientError', (error: BrokenRequest, socket) => answerBroken(error, socket as Socket))
  // Above CONNECTIONS_MAX, since all connections may be in use and none idle.
  server.maxConnections = 2 * CONNECTIONS_MAX
  server.maxHeadersCount = HEADERS_MAX + 1
  return server
}

function registerOperations(
  router: Router,
  services: Services,
  turns: Turns,
  gatewayConnections: WeakSet<Socket>,
  readiness: Readiness,
): void {
  const deps = {
    ...services,
    turns,
    turnstile: createTurnstile(TURNSTILE_LIMITS, 'lists or batches'),
    bodyLine: createTurnstile(BODY_LINE_LIMITS, 'large bodies'),
    holdings: createHoldings(HOLDING_LIMITS),
    slowReads: createSlowReads({ turns, isStoreInside: services.engine.store === 'sqlite' }),
    inFlight: new Map<string, Promise<void>>(),
    readiness,
    failedAttempts: createFailedAttempts(services.config.failedAuthPerMinuteMax),
  }
  registerMetrics(router, deps)
  registerOAuth(router, deps)
  registerGateway(router, deps, gatewayConnections)
  registerConsoleSession(router, deps)
  registerOwnAccount(router, deps)
  registerKeyDays(router, deps)
  registerKeyLimits(router, deps)
  registerKeyMakers(router, deps)
  registerStoreFindings(router, deps)
  for (const id of Object.keys(operations) as OperationId[]) {
    registerOperation(router, deps, id, handlers[id] as Handler<OperationId>)
  }
}
