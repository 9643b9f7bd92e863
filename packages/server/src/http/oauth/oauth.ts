import { type Address, formatAddress } from '@latchkey/core/address'
import { AppError } from '@latchkey/core/error'
import { IN_FORCE } from '@latchkey/core/evaluate'
import { isId } from '@latchkey/core/ids'
import { listPermissions, parsePermission } from '@latchkey/core/permission'
import { deriveToken, findMissing } from '../../auth/derive-token.ts'
import { type AuthenticateDeps, authenticateSecret } from '../admission/authenticate.ts'
import { problemAnswer, statusOf } from '../present/problem.ts'
import type { RouteDeps } from '../route.ts'
import type { Router } from '../router.ts'
import { type Answer, type AnswerHeaders, jsonAnswer } from '../wire/answer.ts'
import { basePathOf } from '../wire/base-path.ts'
import { type Incoming, laneOf } from '../wire/incoming.ts'
import { requestOrigin } from '../wire/request-origin.ts'
import { oauthMetadata, TOKEN_PATH } from './oauth-metadata.ts'
import { OAuthError, parseTokenRequest, readForm, type TokenRequest } from './oauth-request.ts'
import { tokenIssuerName } from './token-issuer-name.ts'

/** RFC 6749 §5.1, beside the Cache-Control that every answer has. */
const NOT_STORED = { pragma: 'no-cache' }

type OAuthDeps = AuthenticateDeps & Pick<RouteDeps, 'tokenIssuer' | 'turns'>

/** The OAuth 2 endpoints: client credentials (RFC 6749 §4.4), metadata (RFC 8414) and keys (RFC 7517). */
export function registerOAuth(router: Router, deps: OAuthDeps): void {
  const issuerOf = (request: Incoming) => tokenIssuerName(requestOrigin(request), deps.config.publicUrl)
  const metadata = (request: Incoming) => oauthMetadata(issuerOf(request))
  const published: Readonly<Record<string, (request: Incoming) => unknown>> = {
    '/.well-known/oauth-authorization-server': metadata,
    // RFC 8414 §3.1: the path of an issuer stands behind the well-known one.
    [`/.well-known/oauth-authorization-server${basePathOf(deps.config.publicUrl)}`]: metadata,
    '/.well-known/jwks.json': () => ({ keys: [deps.tokenIssuer.signingKey.jwk] }),
  }
  for (const [pattern, value] of Object.entries(published)) {
    router.add(['GET'], pattern, {
      name: pattern,
      answer: (request) => jsonAnswer(200, JSON.stringify(value(request))),
    })
  }
  router.add(['POST'], TOKEN_PATH, {
    name: TOKEN_PATH,
    answer: async (request) => {
      const { raw, address } = request
      try {
        const tokenRequest = parseTokenRequest(
          raw,
          await readForm(raw, () => deps.turns.take(laneOf(request))),
        )
        return tokenAnswer(200, await grant(deps, tokenRequest, { address, issuer: issuerOf(request) }))
      } catch (error) {
        const refusal = toOAuthError(error, address)
        if (refusal === undefined) throw error
        return refusalAnswer(refusal)
      }
    },
    refuse: (error, { requestId }) => problemAnswer(error, requestId, { headers: NOT_STORED }),
  })
}

function refusalAnswer({ status, code, message, retryAfterSeconds }: OAuthError): Answer {
  const body = { error: code, error_description: message }
  const answer = tokenAnswer(status, body, {
    // RFC 9110 §15.5.2: a 401 always carries a challenge, also to who sent the secret in the body.
    ...(status === 401 ? { 'www-authenticate': 'Basic realm="latchkey"' } : {}),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': retryAfterSeconds }),
    ...(status === 413 ? { connection: 'close' } : {}),
  })
  return { ...answer, code }
}

const tokenAnswer = (status: number, body: unknown, headers?: AnswerHeaders): Answer =>
  jsonAnswer(status, JSON.stringify(body), { ...NOT_STORED, ...headers })

type Asked = { readonly address: Address | undefined; readonly issuer: string }

async function grant(deps: OAuthDeps, tokenRequest: TokenRequest, { address, issuer }: Asked) {
  const { clientId, clientSecret, scope } = tokenRequest
  const nowMs = deps.clock.nowMs()
  const use = { ...IN_FORCE, address, nowMs }
  const principal = await authenticateSecret(deps, clientSecret, use, clientId)
  if (!isId('key', clientId)) throw new OAuthError('invalid_client', 'client_id is the id of a key.')
  const malformed = scope?.find((name) => 'detail' in parsePermission(name))
  if (malformed !== undefined)
    throw new OAuthError('invalid_scope', 'A scope is a permission such as keys:list.')
  const missing = scope === undefined ? undefined : findMissing(principal, scope)
  if (missing !== undefined) throw new OAuthError('invalid_scope', `The key does not have ${missing}.`)
  const derived = await deriveToken(deps, {
    principal: { ...principal, id: clientId },
    permissions: scope,
    issuer,
    nowMs,
  })
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
      // What is wrong with the bytes of the request says nothing about the client.
      return [401, 403].includes(statusOf(error))
        ? new OAuthError('invalid_client', error.detail)
        : new OAuthError('invalid_request', error.detail)
  }
}
