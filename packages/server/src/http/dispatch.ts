import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { formatAddress } from '@latchkey/core/address'
import type { MaybePromise } from '@latchkey/core/maybe-promise'
import type { Services } from '../services.ts'
import type { Turns } from './admission/turns.ts'
import { createGroups } from './groups.ts'
import { missingRoute } from './missing-route.ts'
import { problemAnswer, publicError } from './present/problem.ts'
import type { Route, Router } from './router.ts'
import type { Answer, AnswerHeaders } from './wire/answer.ts'
import { basePathOf, underBasePath } from './wire/base-path.ts'
import { seeClient } from './wire/client-address.ts'
import type { Connections } from './wire/connections.ts'
import { originHeaders } from './wire/cors.ts'
import { gatherBody } from './wire/gathered-request.ts'
import { type Incoming, laneOf, urlOf } from './wire/incoming.ts'
import type { Pipelines } from './wire/pipelines.ts'
import { headerValues } from './wire/raw-headers.ts'
import { findFault, findFragment } from './wire/request-checks.ts'
import { sendAnswer } from './wire/send-answer.ts'

type DispatchDeps = Pick<Services, 'config' | 'engine' | 'events' | 'metrics' | 'traces'> & {
  readonly router: Router
  readonly turns: Turns
  readonly connections: Pick<Connections, 'begin' | 'end'>
  readonly pipelines: Pipelines
  readonly newRequestId: () => string
  /** The service stops: each answer is the last of its connection. */
  readonly isLeaving: () => boolean
}

type Deps = DispatchDeps & {
  readonly basePath: string
  /** Sends an answer with others that were made in this turn of the event loop, in their order. */
  readonly depart: (answered: Answered) => void
}

export type Dispatch = (raw: IncomingMessage, response: ServerResponse) => void

/**
 * Takes a request to its route and the answer back. Whatever is thrown on the way becomes an answer here, and every
 * answer is sent, counted and logged here.
 */
export function createDispatch(given: DispatchDeps): Dispatch {
  const deps: Deps = {
    ...given,
    basePath: basePathOf(given.config.publicUrl),
    depart: createGroups((group) => {
      for (const [exchange, answer] of group) concludeWaited(deps, exchange, answer)
    }),
  }
  const nowhere = missingRoute(deps.router, {
    corsOrigins: deps.config.corsOrigins,
    basePath: deps.basePath,
  })
  const begin = (group: readonly Arrival[]) => beginGroup(deps, nowhere, group)
  const arrive = createGroups(begin, (arrival) => {
    if (arrival.raw.method === 'GET') begin([arrival])
    // After the parser has read the bytes that came with the headers: mostly they are the whole body.
    else process.nextTick(begin, [arrival])
  })
  return (raw, response) => {
    if (!deps.pipelines.takeIn(raw, response)) return
    const comesInChunks = headerValues(raw, 'transfer-encoding').length > 0
    if (comesInChunks) gatherBody(raw)
    arrive({ raw, response, startedAtMs: performance.now(), comesInChunks })
  }
}

type Arrival = {
  readonly raw: IncomingMessage
  readonly response: ServerResponse
  readonly startedAtMs: number
  readonly comesInChunks: boolean
}

/** A request at its route, and what its answer goes into. */
type Exchange = Pick<Arrival, 'response' | 'comesInChunks'> & {
  readonly route: Route
  readonly request: Incoming
}

type Answered = readonly [Exchange, Answer]

/** Begins all requests of a group, then sends the answers that are known at once. */
function beginGroup(deps: Deps, nowhere: Route, group: readonly Arrival[]): void {
  const { verification } = deps.engine
  const answered: Answered[] = []
  const beginAll = () => {
    for (const arrival of group) {
      const exchange = exchangeOf(deps, nowhere, arrival)
      const answer = beginOne(deps, exchange)
      if (answer instanceof Promise) concludeLate(deps, exchange, answer)
      else answered.push([exchange, answer])
    }
  }
  if (group.length === 1 || verification.together === undefined) beginAll()
  else verification.together(beginAll)
  for (const [exchange, answer] of answered) conclude(deps, exchange, answer)
}

/**
 * A verdict is sent as soon as it is known. All other answers are sent in the order in which they were made: one that
 * says that something is revoked must not overtake what was made before.
 */
function concludeLate(deps: Deps, exchange: Exchange, answer: Promise<Answer>): void {
  const { request, route } = exchange
  deps.connections.begin(request.raw)
  const finish = (late: Answer) =>
    route.isVerdict === true ? concludeWaited(deps, exchange, late) : deps.depart([exchange, late])
  answer.then(finish, (error) => finish(refuse(deps, exchange, error)))
}

/** Sends an answer that was waited for; until now its connection was kept. */
function concludeWaited(deps: Deps, exchange: Exchange, answer: Answer): void {
  deps.connections.end(exchange.request.raw)
  conclude(deps, exchange, answer)
}

function exchangeOf(
  deps: Deps,
  nowhere: Route,
  { raw, response, startedAtMs, comesInChunks }: Arrival,
): Exchange {
  const { method = '', url = '/' } = raw
  const { route, params } = deps.router.find(method, url) ?? { route: nowhere, params: {} }
  const { address, isFromTrustedProxy } = seeClient(raw, deps.config.trustedProxies)
  const requestId = deps.newRequestId()
  const principal = undefined
  return {
    route,
    request: { raw, requestId, startedAtMs, address, isFromTrustedProxy, params, principal },
    response,
    comesInChunks,
  }
}

/**
 * A request that is broken, or comes in chunks, waits until the parser has looked at the bytes that follow: what is
 * broken twice is answered once.
 */
function beginOne(deps: Deps, exchange: Exchange): MaybePromise<Answer> {
  const { route, request, comesInChunks } = exchange
  const { raw } = request
  try {
    const fault = findFault(raw) ?? (route.readsTarget === true ? undefined : findFragment(urlOf(request)))
    if (fault !== undefined) return nextTurn().then(() => refuse(deps, exchange, fault))
    // A verification never stands in line. All else waits until those that came before it had their turn.
    const isUrgent = route.isUrgent === true && isHeadShort(raw)
    if (!isUrgent) return standInLine(deps, exchange).then(() => route.answer(request))
    return comesInChunks ? nextTurn().then(() => route.answer(request)) : route.answer(request)
  } catch (error) {
    return refuse(deps, exchange, error)
  }
}

/** Resolves when it is the request's turn. Rejects with AppError `unavailable` when too much waits. */
async function standInLine(
  { turns, pipelines }: Pick<DispatchDeps, 'turns' | 'pipelines'>,
  { route, request, response }: Exchange,
): Promise<void> {
  const { socket } = request.raw
  pipelines.enter(socket)
  // It was answered, or its client is gone.
  response.once('close', () => pipelines.leave(socket))
  await turns.take(laneOf(request), route.mayRevoke)
}

/** Characters of a request line and headers that are read in less time than a turn takes. */
const SHORT_HEAD_LENGTH = 4 * 1024

/** What a browser sends with every request is short; to read a long token or query takes some work. */
function isHeadShort({ url = '', rawHeaders }: IncomingMessage): boolean {
  let length = url.length
  for (let index = 1; index < rawHeaders.length; index += 2) length += rawHeaders[index]!.length
  return length <= SHORT_HEAD_LENGTH
}

function refuse({ events }: Deps, { route, request }: Exchange, error: unknown): Answer {
  const shown = publicError(error)
  const { requestId } = request
  const isOurs = shown.code === 'internal_error' || shown.cause !== undefined
  if (isOurs) events.requestFailed({ requestId, operation: route.name, error })
  return route.refuse?.(shown, request) ?? problemAnswer(shown, requestId)
}

/** Sends an answer and notes it. Throws nothing: nobody would handle it. */
function conclude(deps: Deps, exchange: Exchange, answer: Answer): void {
  const { route, request, response } = exchange
  let sent = answer
  try {
    sendAnswer(response, underBasePath(answer, deps.basePath), commonHeaders(deps, request))
  } catch (error) {
    // A header could not be written. Nothing went out yet, so that a problem can be sent instead.
    answer.onOver?.()
    sent = refuse(deps, exchange, error)
    sendAnswer(response, underBasePath(sent, deps.basePath), commonHeaders(deps, request))
  }
  try {
    note(deps, exchange, sent)
  } catch (error) {
    deps.events.requestFailed({ requestId: request.requestId, operation: route.name, error })
  }
}

function note(deps: Deps, { route, request }: Exchange, { status, code }: Answer): void {
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
    code: code ?? null,
    durationMs: Math.round(durationMs * 100) / 100,
    address: address === undefined ? null : formatAddress(address),
    principalId: principal?.id ?? null,
  }
  events.requestAnswered(fields)
  traces?.requestAnswered(fields, raw.headers)
}

function commonHeaders({ config, isLeaving }: Deps, { raw, requestId }: Incoming): AnswerHeaders {
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
