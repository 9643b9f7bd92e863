import { METHODS } from 'node:http'
import { AppError } from '@latchkey/core/error'
import type { CompanyId } from '@latchkey/core/ids'
import { type MaybePromise, whenKnown } from '@latchkey/core/maybe-promise'
import {
  type CompiledAuthority,
  isPermitted,
  listPermissions,
  parsePermission,
} from '@latchkey/core/permission'
import type { Principal } from '@latchkey/core/principal'
import { parseSecret } from '@latchkey/core/secret'
import type { Answer } from './answer.ts'
import { type AuthenticateDeps, authenticate, authenticateSecret } from './authenticate.ts'
import { forwardedAddress } from './client-address.ts'
import { type Incoming, urlOf } from './incoming.ts'
import { problemAnswer, statusOf } from './problem.ts'
import { headerValues } from './raw-headers.ts'
import type { Router } from './router.ts'

/**
 * The verification endpoints for gateways: one contract for all of them. Every method alike; the body is never
 * read. Allow is exactly 200; deny is 401, 403 or 429; 5xx is our own failure only.
 */
export function registerGateway(router: Router, deps: AuthenticateDeps): void {
  const register = (pattern: string, flavour: Flavour) =>
    router.add(METHODS, pattern, {
      name: pattern,
      answer: (request) => answerGateway(deps, request),
      refuse: (error, { requestId }) => refuse(flavour, error, requestId),
    })
  register('/gateway/check', 'plain')
  register('/gateway/envoy', 'plain')
  // Envoy appends the client's own path: it says nothing here.
  register('/gateway/envoy/*', 'plain')
  register('/gateway/nginx', 'nginx')
}

/** nginx turns every status but 401 and 403 of its subrequest into a 500: 429 goes as 403, with X-Auth-Status. */
type Flavour = 'plain' | 'nginx'

/** Who the client is, by the same steps as the service's own operations; then the permission that the gateway asks for. */
function answerGateway(deps: AuthenticateDeps, request: Incoming): MaybePromise<Answer> {
  const demand = demandOf(urlOf(request))
  return whenKnown(identifyGateway(deps, request, demand.gatewayTokens), (gateway) => {
    const { raw } = request
    const address =
      gateway === undefined ? request.address : forwardedAddress(raw, deps.config.trustedProxies)
    if (!demand.isSound) {
      throw new AppError(
        'missing_permission',
        'The gateway asks for something that is no permission: check its configured URI.',
      )
    }
    return whenKnown(authenticate(deps, raw, address, sightOf(gateway)), (principal) =>
      allow(request, demand, principal),
    )
  })
}

function allow(request: Incoming, { permissions }: Demand, principal: Principal): Answer {
  const missing = permissions.find((permission) => !isPermitted(principal.authority, permission))
  if (missing !== undefined) {
    throw new AppError(
      'missing_permission',
      `This needs the permission ${missing}, which your credential does not have.`,
    )
  }
  request.principal = principal
  return { status: 200, headers: verdictHeaders(200, NONE, principal), body: '' }
}

/** Whatever was thrown, before the endpoint was reached too: a gateway must understand every answer. */
function refuse(flavour: Flavour, error: AppError, requestId: string): Answer {
  const shown = denial(error)
  const status = statusOf(shown)
  const headers = {
    ...verdictHeaders(status, shown.code, undefined),
    ...(shown.retryAfterSeconds === undefined ? {} : { 'x-auth-retry-after': shown.retryAfterSeconds }),
  }
  return problemAnswer(shown, requestId, {
    status: flavour === 'nginx' && status === 429 ? 403 : status,
    headers,
  })
}

/**
 * A gateway proves itself by where it stands (LATCHKEY_TRUSTED_PROXIES; answers undefined) or by a key with
 * keys:verify, in its configured URI or header. Anyone else could try secrets here.
 */
function identifyGateway(
  deps: AuthenticateDeps,
  request: Incoming,
  tokensOfUri: readonly string[],
): MaybePromise<Principal | undefined> {
  const tokens = [...tokensOfUri, ...headerValues(request.raw, 'x-gateway-token')]
  const [token] = tokens
  // One of them is the client's, and must not choose as whom the gateway asks.
  if (tokens.some((other) => other !== token)) {
    throw new AppError('missing_permission', 'The gateway proves itself by one token: this has several.')
  }
  if (token !== undefined) return authenticateGateway(deps, request, token)
  if (request.isFromTrustedProxy) return undefined
  throw new AppError(
    'missing_permission',
    'This endpoint answers gateways only: name the gateway’s address in LATCHKEY_TRUSTED_PROXIES, or give it a ' +
      'key with keys:verify as X-Gateway-Token.',
  )
}

async function authenticateGateway(
  deps: AuthenticateDeps,
  { address }: Incoming,
  token: string,
): Promise<Principal> {
  const secret = parseSecret(token, deps.config.keyPrefix)
  const use = { visibleTo: null, address, permissions: [], nowMs: deps.clock.nowMs() }
  let gateway: Principal
  try {
    gateway = await authenticateSecret(deps, secret, use)
  } catch (error) {
    throw asGatewayError(error)
  }
  if (isPermitted(gateway.authority, 'keys:verify')) return gateway
  throw new AppError('missing_permission', "The gateway's own key needs the permission keys:verify.")
}

/** The client is not to blame for the gateway's credential, and must not be challenged for it. */
function asGatewayError(error: unknown): unknown {
  if (!(error instanceof AppError) || statusOf(error) >= 429) return error
  return new AppError('missing_permission', `The gateway's own key was refused: ${error.detail}`)
}

/** The operator's gateway sees every company's keys (null), a company's own gateway only that company's. */
function sightOf(gateway: Principal | undefined): CompanyId | null {
  return gateway === undefined || gateway.isOperator ? null : gateway.homeCompanyId
}

/** What the configured URI says; never a header, which a client could send. */
type Demand = {
  readonly gatewayTokens: readonly string[]
  readonly permissions: readonly string[]
  /** Every permission is one, and no pattern. */
  readonly isSound: boolean
}

/** Gateways ask the same again and again: it is read once. One with a token in it is not remembered. */
function demandOf(url: string): Demand {
  if (url === last.url) return last.demand
  const demand = parseDemand(url)
  if (demand.gatewayTokens.length === 0) last = { url, demand }
  return demand
}

let last = { url: '', demand: parseDemand('') }

function parseDemand(url: string): Demand {
  const start = url.indexOf('?')
  const parameters = new URLSearchParams(start < 0 ? '' : url.slice(start + 1))
  const permissions = parameters.getAll('permission')
  return {
    gatewayTokens: parameters.getAll('gatewayToken'),
    permissions,
    isSound: permissions.every(isOnePermission),
  }
}

function isOnePermission(text: string): boolean {
  return 'ok' in parsePermission(text) && !text.includes('*')
}

/** Only 401, 403 and 429 are understood as a refusal by every gateway. */
function denial(error: AppError): AppError {
  const status = statusOf(error)
  if (status >= 500 || [401, 403, 429].includes(status)) return error
  return new AppError('invalid_credentials', error.detail)
}

const NONE = '-'

const texts = new WeakMap<CompiledAuthority, string>()

/** Keys with the same permissions share one authority, which never changes. */
function permissionsText(authority: CompiledAuthority): string {
  const known = texts.get(authority)
  if (known !== undefined) return known
  const text = listPermissions(authority).join(' ') || NONE
  texts.set(authority, text)
  return text
}

/** Always all of them: where one is absent, a gateway lets the client's own through. */
function verdictHeaders(status: number, error: string, principal: Principal | undefined) {
  return {
    'x-auth-status': String(status),
    'x-auth-error': error,
    'x-auth-key-id': principal?.id ?? NONE,
    'x-auth-user-id': principal?.userId ?? NONE,
    'x-auth-company-id': principal?.homeCompanyId ?? NONE,
    'x-auth-permissions': principal === undefined ? NONE : permissionsText(principal.authority),
    'x-auth-mode': principal?.mode ?? NONE,
    // Envoy's own way to keep the secret from the application behind it.
    'x-envoy-auth-headers-to-remove': 'x-api-key',
  }
}
