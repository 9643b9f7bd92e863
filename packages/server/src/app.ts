import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type OperationId, operations } from '@latchkey/contract/operations'
import { answerBroken } from './http/broken-request.ts'
import type { Handler } from './http/context.ts'
import { createDispatch, type Dispatch } from './http/dispatch.ts'
import { createFailedAttempts } from './http/failed-attempts.ts'
import { registerGateway } from './http/gateway.ts'
import { registerOAuth } from './http/oauth.ts'
import { registerPages } from './http/pages.ts'
import { HEADERS_MAX } from './http/request-checks.ts'
import { createRequestIds } from './http/request-id.ts'
import { registerOperation } from './http/route.ts'
import { createRouter, type Router } from './http/router.ts'
import { handlers } from './http/routes/index.ts'
import { createSlowReads } from './http/slow-reads.ts'
import type { Services } from './services.ts'

/** Enough for every client of a busy gateway; beyond it the kernel's backlog makes new ones wait. */
const CONNECTIONS_MAX = 10_000
const HEADERS_BYTES_MAX = 16 * 1024
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 15_000
/** How often the two above are looked at. */
const CHECKING_INTERVAL_MS = 1_000
/** How long a service that stops waits for requests under way: longer than any write waits for its turn. */
const CLOSING_MS_MAX = 10_000
/** Longer than a load balancer keeps an idle connection (60 s is usual), so that it closes first. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000

/** The HTTP service: the same in production and in tests. */
export type App = {
  /** One request to its answer; what the server calls. */
  readonly dispatch: Dispatch
  /** Rejects with the error of the operating system. */
  listen(at: { readonly port: number; readonly host: string }): Promise<AddressInfo>
  /** Takes no new connections, answers what is under way, lets go of the rest. */
  close(): Promise<void>
}

/** The HTTP service over the given services. Not listening yet. */
export function createApp(services: Services): App {
  const newRequestId = createRequestIds(services.clock, services.randomBytes)
  // An id of any length is looked up and not found.
  const router = createRouter(HEADERS_BYTES_MAX)
  registerPages(router, services.metrics)
  registerOperations(router, services)
  let isClosing = false
  const dispatch = createDispatch({ ...services, router, newRequestId, isClosing: () => isClosing })
  const server = createHttpServer(dispatch, newRequestId)
  const connections = new Set<Socket>()
  server.on('connection', (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  return {
    dispatch,
    async listen({ port, host }) {
      await once(server.listen({ port, host }), 'listening')
      return server.address() as AddressInfo
    },
    async close() {
      isClosing = true
      if (!server.listening) return
      const closed = once(server.close(), 'close')
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
      // A server of Node's that closes no longer looks at its time limits.
      const cut = setTimeout(() => server.closeAllConnections(), CLOSING_MS_MAX)
      await closed
      clearTimeout(cut)
    },
  }
}

function createHttpServer(dispatch: Dispatch, newRequestId: () => string): Server {
  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      maxHeaderSize: HEADERS_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECKING_INTERVAL_MS,
      // Answered by findFault, with a problem and a request id.
      requireHostHeader: false,
    },
    dispatch,
  )
  // A server may ignore what a client expects (RFC 9110 §10.1.1); Node itself would answer in its own way.
  server.on('checkExpectation', dispatch)
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    answerBroken(error, socket as Socket, newRequestId()),
  )
  server.maxConnections = CONNECTIONS_MAX
  server.maxHeadersCount = HEADERS_MAX + 1
  return server
}

function registerOperations(router: Router, services: Services): void {
  const deps = {
    ...services,
    slowReads: createSlowReads(),
    inFlight: new Map<string, Promise<void>>(),
    failedAttempts: createFailedAttempts(services.config.failedAuthPerMinuteMax),
  }
  registerOAuth(router, deps)
  registerGateway(router, deps)
  for (const id of Object.keys(operations) as OperationId[]) {
    registerOperation(router, deps, id, handlers[id] as Handler<OperationId>)
  }
}
