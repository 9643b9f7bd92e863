import { type OperationId, operations } from '@latchkey/contract/operations'
import type { Operation } from '@latchkey/contract/operations/operation'
import { type Address, formatAddress } from '@latchkey/core/address'
import { AppError } from '@latchkey/core/error'
import { isPermitted } from '@latchkey/core/permission'
import type { Actor, Principal } from '@latchkey/core/principal'
import fastJsonStringify, { type Schema } from 'fast-json-stringify'
import type { TSchema } from 'typebox'
import { actFor } from './acting-company.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import { type AuthenticateDeps, authenticate } from './authenticate.ts'
import { type JsonBody, readJsonBody } from './body.ts'
import type { Context, Handler, HandlerDeps, Reply } from './context.ts'
import { type Incoming, urlOf } from './incoming.ts'
import { parseQuery } from './query.ts'
import { headerValues } from './raw-headers.ts'
import { checkAccept } from './request-checks.ts'
import { requestOrigin } from './request-origin.ts'
import type { Router } from './router.ts'
import { createBodyValidator, createQueryValidator } from './validation.ts'

export type RouteDeps = HandlerDeps & AuthenticateDeps

/** Query of an operation that takes none: every parameter is an unknown one. */
const NO_QUERY = { type: 'object', properties: {}, additionalProperties: false } as unknown as TSchema
const NO_BYTES = Buffer.alloc(0)

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
  const querySchema = operation.query ?? NO_QUERY
  const validateQuery = createQueryValidator(querySchema)
  const validateBody =
    operation.body === undefined ? undefined : createBodyValidator(operation.body, success.schema)
  const present = createPresenter(success)

  router.add([operation.method], operation.path.replaceAll(/\{(\w+)\}/g, ':$1'), {
    name: id,
    async answer(request) {
      await admit(deps, operation, request)
      const { query, faults } = parseQuery(queryStringOf(request), querySchema)
      validateQuery(query, faults)
      const body = validateBody === undefined ? undefined : await readJsonBody(request.raw)
      validateBody?.(body?.value)
      return present(await handler(deps, contextOf<Id>(deps, request, query, body)))
    },
  })
}

/** Only what the schema declares goes out: a serializer made from it cannot show anything else. */
function createPresenter({ status, schema }: Operation['success']) {
  const serialize = schema === undefined ? undefined : fastJsonStringify(schema as Schema)
  return ({ headers = {}, body }: Reply<OperationId>): Answer =>
    serialize === undefined
      ? { status, headers, body: undefined }
      : jsonAnswer(status, serialize(body), headers)
}

/** Everything that is decided before the body is looked at. */
async function admit(deps: RouteDeps, operation: Operation, request: Incoming): Promise<void> {
  checkAccept(request.raw)
  if (operation.authentication === 'none') return
  const principal = await authenticate(deps, request.raw, request.address)
  request.principal = principal
  if (!mayDo(operation, principal, request.params.keyId)) {
    throw new AppError(
      'missing_permission',
      `This needs the permission ${operation.permission}, which your credential does not have.`,
    )
  }
  request.principal = await actFor(deps, principal, headerValues(request.raw, 'x-company-id'))
}

function mayDo(operation: Operation, principal: Principal, keyId: string | undefined): boolean {
  if (operation.permission === null || isPermitted(principal.authority, operation.permission)) return true
  return operation.allowsSelf === true && !principal.isDerived && keyId === principal.id
}

function contextOf<Id extends OperationId>(
  deps: RouteDeps,
  request: Incoming,
  query: unknown,
  body: JsonBody | undefined,
): Context<Id> {
  const { raw, requestId, address, principal, params } = request
  const context = {
    requestId,
    address,
    principal,
    params,
    query,
    body: body?.value,
    bodyBytes: body?.bytes ?? NO_BYTES,
    method: raw.method ?? '',
    // Few operations need these: they are made for those.
    get actor() {
      return actorOf(principal, address, requestId)
    },
    get path() {
      return pathOf(urlOf(request))
    },
    get origin() {
      return requestOrigin(request, deps.config.publicUrl)
    },
    header: (name: string) => headerValues(raw, name),
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
function pathOf(url: string): string {
  const [path = '/'] = url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

function queryStringOf(request: Incoming): string {
  const url = urlOf(request)
  const start = url.indexOf('?')
  return start < 0 ? '' : url.slice(start + 1)
}
