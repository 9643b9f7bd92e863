import { type OperationId, operations } from '@latchkey/contract/operations'
import type { Operation } from '@latchkey/contract/operations/operation'
import { AppError } from '@latchkey/core/error'
import { type MaybePromise, whenKnown } from '@latchkey/core/maybe-promise'
import { isPermitted } from '@latchkey/core/permission'
import type { Principal } from '@latchkey/core/principal'
import { paced } from '@latchkey/core/steps'
import type { TSchema } from 'typebox'
import { actFor } from './admission/acting-company.ts'
import { type AuthenticateDeps, authenticate, authenticateAgain } from './admission/authenticate.ts'
import { createBodyRoom } from './admission/body-room.ts'
import { createRequestPace } from './admission/pace.ts'
import { assertRoom, needsRoom } from './admission/room.ts'
import { createPresenter } from './present/presenter.ts'
import type { Router } from './router.ts'
import type { Handler, HandlerDeps } from './schema/context.ts'
import { readOnlyFields } from './schema/read-only-fields.ts'
import { contextOf } from './schema/request-context.ts'
import { type BodyValidator, createBodyValidator, createQueryValidator } from './schema/validation.ts'
import type { Answer } from './wire/answer.ts'
import {
  type BodyRoom,
  hasArrived,
  isLong,
  type JsonBody,
  mayBeLarge,
  readJsonBody,
  takeJsonBody,
  USUAL_ROOM,
} from './wire/body.ts'
import { credentialOptionsOf } from './wire/console-cookie.ts'
import { refuseConditions, uncheckedConditions } from './wire/if-match.ts'
import { type Incoming, laneOf, urlOf } from './wire/incoming.ts'
import { parseQuery } from './wire/query.ts'
import { headerValues } from './wire/raw-headers.ts'
import { checkAccept } from './wire/request-checks.ts'
import { parseTarget } from './wire/request-target.ts'

export type RouteDeps = HandlerDeps & AuthenticateDeps

/** Query of an operation that takes none: every parameter is an unknown one. */
const NO_QUERY = { type: 'object', properties: {}, additionalProperties: false } as unknown as TSchema

/**
 * Hangs one operation on the router. The order of checks is the same for all: credential, permission, query,
 * body, and only then the handler.
 */
export function registerOperation<Id extends OperationId>(
  router: Router,
  deps: RouteDeps,
  id: Id,
  handler: Handler<Id>,
): void {
  const operation: Operation = operations[id]
  const { success } = operation
  const { isUrgent, mayRevoke } = urgencyOf(id)
  const readQuery = createQueryReader(operation)
  const validator =
    operation.body === undefined ? undefined : createBodyValidator(operation.body, readOnlyFields(operation))
  const { present, elementText } = createPresenter(success)
  const assertPermitted = (principal: Principal, request: Incoming) =>
    assertMayDo(operation, principal, request.params.keyId)
  const handle = (request: Incoming, query: unknown, body?: JsonBody) => {
    const isAdding = needsRoom(id, body)
    if (isAdding) assertRoom(deps)
    const reply = handler(
      deps,
      contextOf<Id>(request, {
        query,
        body,
        publicUrl: deps.config.publicUrl,
        // Asked again in the transaction: others may have taken the room meanwhile.
        assertPermitted(principal, asked) {
          assertPermitted(principal, asked)
          if (isAdding) assertRoom(deps)
        },
        admitAgain: () => admitAgain(deps, operation, request),
        elementText,
      }),
    )
    if (!CHANGING.has(id) || !(reply instanceof Promise)) return whenKnown(reply, present)
    return reply.then((done) => whenKnown(deps.turns.share(laneOf(request), mayRevoke), () => present(done)))
  }

  router.add([operation.method], operation.path.replaceAll(/\{(\w+)\}/g, ':$1'), {
    name: id,
    isUrgent,
    isVerdict: VERDICTS.has(id),
    mayRevoke,
    answer(request) {
      const admitted = admit(deps, operation, request)
      if (validator === undefined) return whenKnown(admitted, () => handle(request, readQuery(request)))
      // No time has passed since it was admitted: it is not judged again.
      if (!(admitted instanceof Promise) && hasArrived(request.raw)) {
        const query = readQuery(request)
        return handle(request, query, takeBody(request, validator))
      }
      return whenKnown(admitted, () => {
        const query = readQuery(request)
        return awaitBody(deps, operation, request, validator, (body) => handle(request, query, body))
      })
    },
  })
}

/** Reads what a request asks for besides its body, and refuses conditions that cannot be checked. */
function createQueryReader(operation: Operation): (request: Incoming) => unknown {
  const schema = operation.query ?? NO_QUERY
  const validate = createQueryValidator(schema)
  const unchecked = uncheckedConditions(operation)
  const read = (request: Incoming): unknown => {
    const { query, faults } = parseQuery(parseTarget(urlOf(request))?.query ?? '', schema)
    validate(query, faults)
    return query
  }
  return (request) => {
    const query = operation.isProbe === true ? undefined : read(request)
    refuseConditions(request.raw, unchecked)
    return query
  }
}

/** What a gateway or a balancer waits for; all else can wait for its turn. */
const URGENT: ReadonlySet<OperationId> = new Set([
  'verifyApiKey',
  'getKeyRecord',
  'followChanges',
  'getHealth',
  'getReadiness',
])

const VERDICTS: ReadonlySet<OperationId> = new Set(['verifyApiKey', 'verifyApiKeys', 'getKeyRecord'])

/** What may make a credential stop, or do less: however many lists wait, it begins before them. */
const REVOKING: ReadonlySet<OperationId> = new Set([
  'updateApiKey',
  'deleteApiKey',
  'rotateApiKey',
  'updateRotation',
  'cancelRotation',
  'deleteUser',
  'endSession',
  'updateUser',
  'updateCompany',
])

/**
 * Their answers are made in turns: one transaction may finish very many of them at once, and each answer shows all that
 * was made or changed. Reads are not among them: an answer that waits would be older than what is revoked meanwhile.
 */
const CHANGING: ReadonlySet<OperationId> = new Set([
  'createApiKey',
  'updateApiKey',
  'rotateApiKey',
  'updateRotation',
  'cancelRotation',
  'createUser',
  'updateUser',
  'createCompany',
  'updateCompany',
])

const urgencyOf = (id: OperationId) => ({ isUrgent: URGENT.has(id), mayRevoke: REVOKING.has(id) })

function takeBody(request: Incoming, validator: BodyValidator): JsonBody {
  const body = takeJsonBody(request.raw)
  validator.validate(body.value)
  return body
}

/** Waits for a body that is still to come, in the room that its operation gives it, and answers then. */
function awaitBody(
  deps: RouteDeps,
  operation: Operation,
  request: Incoming,
  validator: BodyValidator,
  answerWith: (body: JsonBody) => MaybePromise<Answer>,
): Promise<Answer> {
  const { bodyBytesMax } = operation
  const answerIn = async (room: BodyRoom) => {
    const read = () => readBody(deps, request, room, validator)
    // Of the large ones of a company a few at a time: the others stay with their senders meanwhile.
    const isInLine = bodyBytesMax !== undefined && mayBeLarge(request.raw)
    const body = await (isInLine
      ? deps.bodyLine.pass(laneOf(request), read, () => !request.raw.destroyed)
      : read())
    return whenKnown(admitAgain(deps, operation, request), () => answerWith(body))
  }
  if (bodyBytesMax === undefined) return answerIn(USUAL_ROOM)
  const room = createBodyRoom(deps.holdings, laneOf(request), bodyBytesMax)
  return answerIn(room).finally(room.release)
}

/** Reads a body and holds it against its schema; a long one a step in each turn, so that others come in between. */
async function readBody(
  deps: RouteDeps,
  request: Incoming,
  room: BodyRoom,
  validator: BodyValidator,
): Promise<JsonBody> {
  const takeTurn = () => deps.turns.take(laneOf(request))
  const pace = createRequestPace(takeTurn)
  const body = await readJsonBody(request.raw, room, { takeTurn, pace })
  if (!isLong(body.bytes)) {
    validator.validate(body.value)
    return body
  }
  await takeTurn()
  await paced(validator.validateInSteps(body.value), pace)
  await takeTurn()
  return body
}

const NOTHING: readonly string[] = []

/** Everything that is decided before the body is looked at. */
function admit(deps: RouteDeps, operation: Operation, request: Incoming): MaybePromise<void> {
  if (operation.isProbe !== true) checkAccept(request.raw)
  if (operation.authentication === 'none') return
  const asked = {
    visibleTo: null,
    permissions: operation.permission === null ? NOTHING : [operation.permission],
    exempt: operation.allowsSelf === true ? (request.params.keyId ?? null) : null,
    asker: null,
    cost: null,
  }
  return whenKnown(
    authenticate(
      deps,
      request.raw,
      request.address,
      asked,
      credentialOptionsOf(operation, deps.config, request),
    ),
    (principal) => {
      request.principal = principal
      const actingFor = headerValues(request.raw, 'x-company-id')
      if (actingFor.length === 0) return
      return whenKnown(actFor(deps, principal, actingFor), (acting) => {
        request.principal = acting
      })
    },
  )
}

/** The body may have been long in coming: a credential that was revoked meanwhile does nothing any more. */
function admitAgain(deps: RouteDeps, operation: Operation, request: Incoming): MaybePromise<void> {
  if (request.principal === undefined) return
  return whenKnown(authenticateAgain(deps, request.principal, request.address), (principal) => {
    assertMayDo(operation, principal, request.params.keyId)
    request.principal = principal
  })
}

function assertMayDo(operation: Operation, principal: Principal, keyId: string | undefined): void {
  if (operation.permission === null || isPermitted(principal.authority, operation.permission)) return
  if (operation.allowsSelf === true && !principal.isDerived && keyId === principal.id) return
  throw new AppError(
    'missing_permission',
    `This needs the permission ${operation.permission}, which your credential does not have.`,
  )
}
