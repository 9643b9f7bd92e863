import { AppError } from '@latchkey/core/error'
import { isPermitted } from '@latchkey/core/permission'
import type { Principal } from '@latchkey/core/principal'
import type { Static, TSchema } from 'typebox'
import { requireSession } from '../../auth/session.ts'
import { actFor } from '../admission/acting-company.ts'
import { authenticate, authenticateAgain } from '../admission/authenticate.ts'
import { createRequestPace } from '../admission/pace.ts'
import type { RouteDeps } from '../route.ts'
import type { Router } from '../router.ts'
import type { HandlerDeps } from '../schema/context.ts'
import { actorOf } from '../schema/request-context.ts'
import { createBodyValidator } from '../schema/validation.ts'
import type { Answer } from '../wire/answer.ts'
import { readJsonBody, USUAL_ROOM } from '../wire/body.ts'
import { assertFromConsole, consoleOriginOf } from '../wire/console-cookie.ts'
import { type Incoming, laneOf } from '../wire/incoming.ts'
import { headerValues } from '../wire/raw-headers.ts'
import { checkAccept } from '../wire/request-checks.ts'

export type ConsoleDeps = RouteDeps & HandlerDeps

type Add = (method: string, path: string, answer: (request: Incoming) => Promise<Answer>) => void

/** Hangs what only the console asks for on the router: nothing of it answers anybody else. */
export function consoleRoutesOn(router: Router): Add {
  return (method, path, answer) =>
    router.add([method], path, {
      name: `${method} ${path}`,
      mayRevoke: method === 'DELETE' || path === '/console/password',
      async answer(request) {
        checkAccept(request.raw)
        assertFromConsole(request.raw)
        return answer(request)
      },
    })
}

/** Reads a body, and holds it against its schema. */
export function bodyReader<Schema extends TSchema>({ turns }: ConsoleDeps, schema: Schema) {
  const { validate } = createBodyValidator(schema, new Map())
  return async (request: Incoming): Promise<Static<Schema>> => {
    const takeTurn = () => turns.take(laneOf(request))
    const { value } = await readJsonBody(request.raw, USUAL_ROOM, {
      takeTurn,
      pace: createRequestPace(takeTurn),
    })
    validate(value)
    // Held against the schema just now.
    return value as Static<Schema>
  }
}

/** Whose session it is that the console presents. */
export async function sessionOf(deps: ConsoleDeps, request: Incoming) {
  const principal = await principalOf(deps, request)
  request.principal = principal
  return {
    requester: { actor: actorOf(request), principal, address: request.address, assertPermitted: () => {} },
    sessionId: requireSession(principal),
    companyId: principal.homeCompanyId ?? principal.companyId,
  }
}

/** Who asks, with a permission, for the company it acts for. Throws AppError `missing_permission`. */
export async function permittedOf(
  deps: ConsoleDeps,
  request: Incoming,
  permission: string,
): Promise<Principal> {
  const principal = await principalOf(deps, request)
  assertPermitted(principal, permission)
  const actingFor = headerValues(request.raw, 'x-company-id')
  request.principal = actingFor.length === 0 ? principal : await actFor(deps, principal, actingFor)
  return request.principal
}

/** Asked after `permittedOf` and a wait: who was revoked meanwhile is told nothing any more. Throws AppError. */
export async function permittedAgain(
  deps: ConsoleDeps,
  { principal, address }: Incoming,
  permission: string,
): Promise<void> {
  assertPermitted(await authenticateAgain(deps, principal!, address), permission)
}

function assertPermitted({ authority }: Principal, permission: string): void {
  if (isPermitted(authority, permission)) return
  throw new AppError(
    'missing_permission',
    `This needs the permission ${permission}, which your user does not have.`,
  )
}

function principalOf(deps: ConsoleDeps, request: Incoming) {
  const { raw, address } = request
  const asked = { visibleTo: null, permissions: [], exempt: null, asker: null }
  const cookieAt = () => consoleOriginOf(deps.config, request)
  return authenticate(deps, raw, address, asked, { cookieAt })
}
