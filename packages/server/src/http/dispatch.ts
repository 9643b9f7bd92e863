import type { IncomingMessage, ServerResponse } from 'node:http'
import { formatAddress } from '@latchkey/core/address'
import type { MaybePromise } from '@latchkey/core/maybe-promise'
import type { Services } from '../services.ts'
import type { Turns } from './admission/turns.ts'
import { missingRoute } from './missing-route.ts'
import { problemAnswer, publicError } from './present/problem.ts'
import type { Route, Router } from './router.ts'
import type { Answer, AnswerHeaders } from './wire/answer.ts'
import { basePathOf, underBasePath } from './wire/base-path.ts'
import { seeClient } from './wire/client-address.ts'
import type { Connections } from './wire/connections.ts'
import { originHeaders } from './wire/cors.ts'
import { type Incoming, laneOf } from './wire/incoming.ts'
import type { Pipelines } from './wire/pipelines.ts'
import { headerValues } from './wire/raw-headers.ts'
import { findFault, findFragment } from './wire/request-checks.ts'
import { sendAnswer } from './wire/send-answer.ts'

type DispatchDeps = Pick<Services, 'config' | 'events' | 'metrics' | 'traces'> & {
  readonly router: Router
  readonly turns: Turns
  readonly connections: Pick<Connections, 'begin' | 'end'>
  readonly pipelines: Pipelines
  readonly newRequestId: () => string
  /** The service stops: each answer is the last of its connection. */
  readonly isLeaving: () => boolean
}

export type Dispatch = (raw: IncomingMessage, response: ServerResponse) => void

/**
 * Takes a request to its route and the answer back. Whatever is thrown on the way becomes an answer here, and every
 * answer is sent, counted and logged here.
 */
export function createDispatch(given: DispatchDeps): Dispatch {
  const deps = { ...given, basePath: basePathOf(given.config.publicUrl) }
  const nowhere = missingRoute(deps.router, {
    corsOrigins: deps.config.corsOrigins,
    basePath: deps.basePath,
  })
  return (raw, response) => {
    if (!deps.pipelines.takeIn(raw, response)) return
    const startedAtMs = performance.now()
    const { method = '', url = '/' } = raw
    const { route, params } = deps.router.find(method, url) ?? { route: nowhere, params: {} }
    const { address, isFromTrustedProxy } = seeClient(raw, deps.config.trustedProxies)
    const request: Incoming = {
      raw,
      requestId: deps.newRequestId(),
      startedAtMs,
      address,
      isFromTrustedProxy,
      params,
      principal: undefined,
    }
    const isUrgent = route.isUrgent === true && isHeadShort(raw)
    const finish = (answer: Answer) => {
      deps.connections.end(raw)
      conclude(deps, route, request, response, answer)
    }
    const fail = (error: unknown) => finish(refuse(deps, route, request, error))
    const begin = () => {
      let answer: MaybePromise<Answer>
      try {
        answer = route.answer(request)
      } catch (error) {
        fail(error)
        return
      }
      if (answer instanceof Promise) {
        deps.connections.begin(raw)
        answer.then(finish, fail)
      } else finish(answer)
    }
    const fault = findFault(raw) ?? (route.readsTarget === true ? undefined : findFragment(url))
    // After the parser has looked at the bytes that follow: what is broken twice is answered once.
    if (fault !== undefined) setImmediate(fail, fault)
    // A verification is never in a line; and nothing else is begun before those that came first had their turn.
    else if (!isUrgent) {
      deps.connections.begin(raw)
      standInLine(deps, route, request, response).then(begin, fail)
    } else if (headerValues(raw, 'transfer-encoding').length > 0) setImmediate(begin)
    else if (route.takesBody === true) process.nextTick(begin)
    else begin()
  }
}

/** Resolves when it is the request's turn. Rejects with AppError `unavailable` when too much waits. */
async function standInLine(
  { turns, pipelines }: Pick<DispatchDeps, 'turns' | 'pipelines'>,
  { mayRevoke }: Route,
  request: Incoming,
  response: ServerResponse,
): Promise<void> {
  const { socket } = request.raw
  pipelines.enter(socket)
  // Answered, or wanted no more.
  response.once('close', () => pipelines.leave(socket))
  await turns.take(laneOf(request), mayRevoke)
}

/** Characters of a request line and headers that are read in less time than a turn takes. */
const SHORT_HEAD_LENGTH = 4 * 1024

/** What comes with every browser's request is short; a long token or query takes some work to understand. */
function isHeadShort({ url = '', rawHeaders }: IncomingMessage): boolean {
  let length = url.length
  for (let index = 1; index < rawHeaders.length; index += 2) length += rawHeaders[index]!.length
  return length <= SHORT_HEAD_LENGTH
}

function refuse({ events }: DispatchDeps, route: Route, request: Incoming, error: unknown): Answer {
  const shown = publicError(error)
  const { requestId } = request
  const isOurs = shown.code === 'internal_error' || shown.cause !== undefined
  if (isOurs) events.requestFailed({ requestId, operation: route.name, error })
  return route.refuse?.(shown, request) ?? problemAnswer(shown, requestId)
}

/** Sends an answer and notes it. Throws nothing: there is nobody behind it to answer that. */
function conclude(
  deps: DispatchDeps & { readonly basePath: string },
  route: Route,
  request: Incoming,
  response: ServerResponse,
  answer: Answer,
): void {
  let sent = answer
  try {
    sendAnswer(response, underBasePath(answer, deps.basePath), commonHeaders(deps, request))
  } catch (error) {
    // A header that cannot be written: nothing went out yet, and what we say of our own failures can be.
    answer.onOver?.()
    sent = refuse(deps, route, request, error)
    sendAnswer(response, underBasePath(sent, deps.basePath), commonHeaders(deps, request))
  }
  try {
    note(deps, route, request, sent.status)
  } catch (error) {
    deps.events.requestFailed({ requestId: request.requestId, operation: route.name, error })
  }
}

function note(deps: DispatchDeps, route: Route, request: Incoming, status: number): void {
  const { requestId, address, principal, raw } = request
  const { metrics, events, traces } = deps
  const durationMs = performance.now() - request.startedAtMs
  metrics.requestAnswered(route.name, status, durationMs)
  if (!events.areRequestsLogged && traces === undefined) return
  const fields = {
    requestId,
    method: raw.method ?? '',
    operation: route.name,
    status,
    durationMs: Math.round(durationMs * 100) / 100,
    address: address === undefined ? null : formatAddress(address),
    principalId: principal?.id ?? null,
  }
  events.requestAnswered(fields)
  traces?.requestAnswered(fields, raw.headers)
}

function commonHeaders({ config, isLeaving }: DispatchDeps, { raw, requestId }: Incoming): AnswerHeaders {
  const headers = {
    'x-request-id': requestId,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
  if (config.corsOrigins.length === 0 && !isLeaving()) return headers
  return {
    ...headers,
    ...originHeaders(raw, config.corsOrigins),
    ...(isLeaving() ? { connection: 'close' } : {}),
  }
}
