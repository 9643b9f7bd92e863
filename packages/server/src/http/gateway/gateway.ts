import { METHODS } from 'node:http'
import type { Socket } from 'node:net'
import { type Address, formatAddress } from '@latchkey/core/address'
import { AppError } from '@latchkey/core/error'
import { type Asker, IN_FORCE } from '@latchkey/core/evaluate'
import { type MaybePromise, whenKnown } from '@latchkey/core/maybe-promise'
import { isPermitted } from '@latchkey/core/permission'
import { type Principal, sightOf } from '@latchkey/core/principal'
import {
  type AuthenticateDeps,
  authenticateAgain,
  authenticateSecret,
  authenticateUse,
} from '../admission/authenticate.ts'
import { statusOf } from '../present/problem.ts'
import type { Router } from '../router.ts'
import type { Answer } from '../wire/answer.ts'
import { forwardedAddress, isAddressForwarded } from '../wire/client-address.ts'
import { type Incoming, urlOf } from '../wire/incoming.ts'
import { headerValues } from '../wire/raw-headers.ts'
import { type Flavour, gatewayAllowance, gatewayRefusal } from './gateway-answer.ts'
import { type Configured, createDemandReader, type Demand } from './gateway-demand.ts'

/**
 * The verification endpoints for gateways, with one contract. All methods mean the same; the body is never read. Allow
 * is exactly 200; deny is 401, 403 or 429; 5xx is only our own failure. `connections`: gets those on which a gateway
 * has asked.
 */
export function registerGateway(router: Router, deps: AuthenticateDeps, connections: WeakSet<Socket>): void {
  const demandOf = createDemandReader()
  const register = (pattern: string, flavour: Flavour, configured: Configured) =>
    router.add(METHODS, pattern, {
      name: pattern,
      readsTarget: true,
      isUrgent: true,
      isVerdict: true,
      answer(request) {
        connections.add(request.raw.socket)
        return answerGateway(deps, request, demandOf(urlOf(request), configured))
      },
      refuse: (error, { requestId }) => gatewayRefusal(flavour, error, requestId),
    })
  register('/gateway/check', 'plain', 'all')
  register('/gateway/nginx', 'nginx', 'all')
  register('/gateway/envoy', 'plain', 'before path=')
  // A prefix without a query, and behind it all that the client sent.
  register('/gateway/envoy/*', 'plain', 'none')
}

/** Who the client is, and whether it may do what the gateway asks for: by the same steps as the service's own operations. */
function answerGateway(deps: AuthenticateDeps, request: Incoming, demand: Demand): MaybePromise<Answer> {
  return whenKnown(identifyGateway(deps, request, demand.gatewayTokens), (gateway) => {
    const { raw } = request
    if (demand.fault !== undefined) throw new AppError('missing_permission', demand.fault)
    const address = clientOf(deps, request, gateway)
    const asked = {
      visibleTo: gateway === undefined ? null : sightOf(gateway),
      permissions: demand.permissions,
      exempt: null,
      asker: gateway ?? BY_ITS_PLACE,
      cost: demand.cost,
      admitAgain: gateway === undefined ? undefined : () => admitGatewayAgain(deps, request, gateway),
    }
    return authenticateUse(deps, raw, address, asked, (principal, charged) => {
      request.principal = principal
      return gatewayAllowance(principal, charged)
    })
  })
}

/** Its address says that it is one of ours, not which one. */
const BY_ITS_PLACE: Asker = { id: null, homeCompanyId: null }

/**
 * The address of the client that the gateway asks about. It is never the gateway's own: when it names nobody, the
 * client is unknown.
 */
function clientOf(
  { config }: Pick<AuthenticateDeps, 'config'>,
  { raw, address, isFromTrustedProxy }: Incoming,
  gateway: Principal | undefined,
): Address | undefined {
  if (gateway === undefined) return isAddressForwarded(raw) ? address : undefined
  const client = forwardedAddress(raw, config.trustedProxies)
  // A gateway that adds itself, known by its token only: it is the last of the list, and so is what it forwards for.
  return isFromTrustedProxy || !isSame(client, address) ? client : undefined
}

const isSame = (one: Address | undefined, other: Address | undefined): boolean =>
  one !== undefined && other !== undefined && formatAddress(one) === formatAddress(other)

/**
 * A gateway proves itself by its address (LATCHKEY_TRUSTED_PROXIES; returns undefined) or by a key with keys:verify, in
 * its configured URI or header. Anyone else could try secrets here.
 */
function identifyGateway(
  deps: AuthenticateDeps,
  request: Incoming,
  tokensOfUri: readonly string[],
): MaybePromise<Principal | undefined> {
  // Two values that a proxy joined are still two.
  const sent = headerValues(request.raw, 'x-gateway-token').flatMap((line) => line.split(/[ ,]+/))
  const tokens = [...tokensOfUri, ...sent]
  const [token] = tokens
  // One of them is the client's, which must not choose the gateway's credential.
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
  try {
    return await authenticateSecret(deps, token, { ...GATEWAY_ASKED, address, nowMs: deps.clock.nowMs() })
  } catch (error) {
    throw asGatewayError(error)
  }
}

/** The gateway's key may have been revoked while the limits of the client's key were asked for. */
async function admitGatewayAgain(
  deps: AuthenticateDeps,
  { address }: Incoming,
  before: Principal,
): Promise<void> {
  try {
    const { authority } = await authenticateAgain(deps, before, address)
    if (!isPermitted(authority, PERMISSION)) throw new AppError('missing_permission', '')
  } catch (error) {
    throw asGatewayError(error)
  }
}

const PERMISSION = 'keys:verify'
const GATEWAY_ASKED = { ...IN_FORCE, permissions: [PERMISSION] }

/** The client is not to blame for the gateway's credential, and must not be challenged for it. */
function asGatewayError(error: unknown): unknown {
  if (!(error instanceof AppError) || statusOf(error) >= 429) return error
  return new AppError(
    'missing_permission',
    error.code === 'missing_permission'
      ? "The gateway's own key needs the permission keys:verify."
      : `The gateway's own key was refused: ${error.detail}`,
  )
}
