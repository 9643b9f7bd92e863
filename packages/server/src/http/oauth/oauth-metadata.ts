import { RESERVED } from '@latchkey/core/permission'

export const TOKEN_PATH = '/oauth/token'

/** What a client finds by the issuer's name (RFC 8414 §2). */
export function oauthMetadata(issuer: string) {
  return {
    issuer,
    token_endpoint: `${issuer}${TOKEN_PATH}`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    scopes_supported: grantableScopes(),
    response_types_supported: [],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    service_documentation: `${issuer}/docs`,
  }
}

/** The permissions every deployment knows; an application's own can be asked for as well. */
function grantableScopes(): string[] {
  return Object.entries(RESERVED).flatMap(([area, actions]) => actions.map((action) => `${area}:${action}`))
}
