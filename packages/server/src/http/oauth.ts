import { type Address, formatAddress } from '@latchkey/core/address'
import { AppError } from '@latchkey/core/error'
import { isId } from '@latchkey/core/ids'
import { listPermissions, parsePermission } from '@latchkey/core/permission'
import { parseSecret } from '@latchkey/core/secret'
import type { FastifyInstance } from 'fastify'
import { deriveToken, findMissing } from '../auth/derive-token.ts'
import { type AuthenticateDeps, authenticateSecret } from './authenticate.ts'
import { grantableScopes } from './oauth-metadata.ts'
import { OAuthError, parseTokenRequest, readForm, type TokenRequest } from './oauth-request.ts'
import type { RouteDeps } from './route.ts'

type OAuthDeps = AuthenticateDeps & Pick<RouteDeps, 'tokenIssuer'>

/** The OAuth 2 endpoints: client credentials (RFC 6749 §4.4), metadata (RFC 8414) and keys (RFC 7517). */
export function registerOAuth(app: FastifyInstance, deps: OAuthDeps): void {
  const { issuer, signingKey } = deps.tokenIssuer
  const metadata = {
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    scopes_supported: grantableScopes(),
    response_types_supported: [],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    service_documentation: `${issuer}/docs`,
  }
  app.get('/.well-known/oauth-authorization-server', () => metadata)
  app.get('/.well-known/jwks.json', () => ({ keys: [signingKey.jwk] }))

  app.post('/oauth/token', async (request, reply) => {
    reply.header('pragma', 'no-cache')
    try {
      const tokenRequest = parseTokenRequest(request.raw, await readForm(request.raw))
      return await grant(deps, tokenRequest, request.facts.address)
    } catch (error) {
      const refusal = toOAuthError(error, request.facts.address)
      if (refusal === undefined) throw error
      // RFC 9110 §15.5.2: a 401 always carries a challenge, also to who sent the secret in the body.
      if (refusal.status === 401) reply.header('www-authenticate', 'Basic realm="latchkey"')
      if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', refusal.retryAfterSeconds)
      return reply.code(refusal.status).send({ error: refusal.code, error_description: refusal.message })
    }
  })
}

async function grant(deps: OAuthDeps, tokenRequest: TokenRequest, address: Address | undefined) {
  const { clientId, clientSecret, scope } = tokenRequest
  const nowMs = deps.clock.nowMs()
  const secret = parseSecret(clientSecret, deps.config.keyPrefix)
  const principal = await authenticateSecret(deps, secret, { address, nowMs }, (id) => id === clientId)
  if (!isId('key', clientId)) throw new OAuthError('invalid_client', 'client_id is the id of a key.')
  const malformed = scope?.find((name) => 'detail' in parsePermission(name))
  if (malformed !== undefined)
    throw new OAuthError('invalid_scope', 'A scope is a permission such as keys:list.')
  const missing = scope === undefined ? undefined : findMissing(principal.authority, scope)
  if (missing !== undefined) throw new OAuthError('invalid_scope', `The key does not have ${missing}.`)
  const derived = await deriveToken(deps, { ...principal, id: clientId }, scope, nowMs)
  return {
    access_token: derived.token,
    token_type: 'Bearer',
    expires_in: Math.floor((derived.expiresAtMs - nowMs) / 1_000),
    scope: (scope ?? listPermissions(derived.authority)).join(' '),
  }
}

/** RFC 6749 §5.2: whatever is wrong with the client is invalid_client. undefined: our own failure. */
function toOAuthError(error: unknown, address: Address | undefined): OAuthError | undefined {
  if (error instanceof OAuthError) return error
  if (!(error instanceof AppError)) return undefined
  const seen = address === undefined ? 'unknown' : formatAddress(address)
  switch (error.code) {
    case 'unavailable':
    case 'cannot_verify':
    case 'internal_error':
      return undefined
    case 'rate_limited':
      return new OAuthError('invalid_client', error.detail, 429, error.retryAfterSeconds)
    case 'ip_not_allowed':
    case 'client_ip_unknown':
      return new OAuthError('invalid_client', `The key may not be used from this address (${seen}).`)
    case 'invalid_field':
      return new OAuthError('invalid_scope', error.detail)
    case 'payload_too_large':
      return new OAuthError('invalid_request', error.detail, 413)
    default:
      return new OAuthError('invalid_client', error.detail)
  }
}
