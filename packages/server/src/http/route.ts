import { type OperationId, operations } from '@latchkey/contract/operations'
import type { Operation } from '@latchkey/contract/operations/operation'
import { type Address, formatAddress } from '@latchkey/core/address'
import { AppError } from '@latchkey/core/error'
import { isPermitted } from '@latchkey/core/permission'
import type { Actor, Principal } from '@latchkey/core/principal'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import { actFor } from './acting-company.ts'
import { type AuthenticateDeps, authenticate } from './authenticate.ts'
import { readJsonBody } from './body.ts'
import type { Context, Handler, HandlerDeps, Reply } from './context.ts'
import { parseQuery } from './query.ts'
import { headerValues } from './raw-headers.ts'
import { checkAccept } from './request-checks.ts'
import { requestOrigin } from './request-origin.ts'
import { createBodyValidator, createQueryValidator } from './validation.ts'

export type RouteDeps = HandlerDeps & AuthenticateDeps

/** Query of an operation that takes none: every parameter is an unknown one. */
const NO_QUERY = { type: 'object', properties: {}, additionalProperties: false } as unknown as TSchema

/**
 * Hangs one operation on the app. The order of checks is the same for all: credential, permission, query,
 * body, and only then the handler.
 */
export function registerOperation<Id extends OperationId>(
  app: FastifyInstance,
  deps: RouteDeps,
  id: Id,
  handler: Handler<Id>,
): void {
  const operation: Operation = operations[id]
  const { success } = operation
  const validateQuery = createQueryValidator(operation.query ?? NO_QUERY)
  const validateBody =
    operation.body === undefined ? undefined : createBodyValidator(operation.body, success.schema)

  app.route({
    method: operation.method,
    url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    config: { operationId: id },
    ...(success.schema === undefined ? {} : { schema: { response: { [success.status]: success.schema } } }),
    onRequest: (request) => admit(deps, operation, request),
    handler: async (request, reply) => {
      const { query, faults } = parseQuery(queryStringOf(request), operation.query ?? NO_QUERY)
      validateQuery(query, faults)
      const body = validateBody === undefined ? undefined : await readJsonBody(request.raw)
      validateBody?.(body?.value)
      const context = contextOf<Id>(deps, request, query, body)
      return send(reply, success.status, await handler(deps, context))
    },
  })
}

/** Everything that is decided before the body is looked at. */
async function admit(deps: RouteDeps, operation: Operation, request: FastifyRequest): Promise<void> {
  checkAccept(request.raw)
  if (operation.authentication === 'none') return
  const principal = await authenticate(deps, request.raw, request.facts.address)
  request.facts.principal = principal
  if (!mayDo(operation, principal, request)) {
    throw new AppError(
      'missing_permission',
      `This needs the permission ${operation.permission}, which your credential does not have.`,
    )
  }
  request.facts.principal = await actFor(deps, principal, headerValues(request.raw, 'x-company-id'))
}

function mayDo(operation: Operation, principal: Principal, request: FastifyRequest): boolean {
  if (operation.permission === null || isPermitted(principal.authority, operation.permission)) return true
  const { keyId } = request.params as { keyId?: string }
  return operation.allowsSelf === true && !principal.isDerived && keyId === principal.id
}

function contextOf<Id extends OperationId>(
  deps: RouteDeps,
  request: FastifyRequest,
  query: unknown,
  body: { readonly bytes: Buffer; readonly value: unknown } | undefined,
): Context<Id> {
  const { requestId, address, principal } = request.facts
  const context = {
    requestId,
    address,
    principal,
    actor: actorOf(principal, address, requestId),
    params: request.params,
    query,
    body: body?.value,
    bodyBytes: body?.bytes ?? Buffer.alloc(0),
    method: request.method,
    path: pathOf(request),
    origin: requestOrigin(request.raw, deps.config),
    header: (name: string) => headerValues(request.raw, name),
  }
  // The table's schemas were checked just now: this is the one place where untrusted turns into typed.
  return context as unknown as Context<Id>
}

function actorOf(principal: Principal | undefined, address: Address | undefined, requestId: string): Actor {
  return {
    type: principal?.type ?? 'none',
    id: principal?.id ?? null,
    userId: principal?.userId ?? null,
    address: address === undefined ? null : formatAddress(address),
    requestId,
  }
}

/** A trailing slash is the same resource, and so is the absolute form, whatever host it names (RFC 9112 §3.2.2). */
function pathOf(request: FastifyRequest): string {
  const [path = '/'] = request.url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

function queryStringOf(request: FastifyRequest): string {
  const start = request.url.indexOf('?')
  return start < 0 ? '' : request.url.slice(start + 1)
}

function send<Id extends OperationId>(
  reply: FastifyReply,
  status: number,
  { headers, body }: Reply<Id>,
): FastifyReply {
  if (headers !== undefined) reply.headers(headers)
  return reply.code(status).send(body)
}
