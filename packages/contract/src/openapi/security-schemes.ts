import { RESERVED } from '@latchkey/core/permission'
import type { Operation } from '../operations/operation.ts'
import type { SecurityRequirement, SecurityScheme } from './document.ts'

/** Any one of the three will do; two at once are refused. */
export const ANY_CREDENTIAL: readonly SecurityRequirement[] = [
  { oauth2: [] },
  { bearerAuth: [] },
  { apiKeyHeader: [] },
]

/** What an operation takes: for what concerns a session its own token only, and nothing where all are let in. */
export function securityOf({ authentication, needsSession }: Operation): readonly SecurityRequirement[] {
  if (authentication === 'none') return []
  return needsSession ? [{ bearerAuth: [] }] : ANY_CREDENTIAL
}

/** Where verb and area do not say it well. */
const PHRASES: Readonly<Record<string, string>> = {
  'keys:read': 'Read one key',
  'keys:update': 'Change keys (extension)',
  'audit:read': 'Read the audit log',
}

/** `basePath`: where the service's paths begin on its host; a URL that begins with a slash drops what `servers` says. */
export const securitySchemes = (basePath: string): Readonly<Record<string, SecurityScheme>> => ({
  oauth2: {
    type: 'oauth2',
    description:
      'An OAuth 2 access token of five minutes, sent as a bearer token. client_id is the id of a key, client_secret ' +
      'the key itself. It stops working with its key.',
    flows: { clientCredentials: { tokenUrl: `${basePath}/oauth/token`, scopes: scopes() } },
  },
  bearerAuth: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'A JWT from POST /auth/token, POST /auth/token/short-lived or an issuer the operator trusts. A key is accepted ' +
      'here as well.',
  },
  apiKeyHeader: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-KEY',
    description: 'The secret of an active API key.',
  },
})

/** One scope a reserved permission; an application's own can be asked for as well. */
function scopes(): Record<string, string> {
  const permissions = Object.entries(RESERVED).flatMap(([area, actions]) =>
    actions.map((action) => ({ area, action, name: `${area}:${action}` })),
  )
  return Object.fromEntries(
    permissions.map(({ area, action, name }) => [name, PHRASES[name] ?? phrase(action, area)]),
  )
}

function phrase(action: string, area: string): string {
  const verb = action === 'update' ? 'Change' : `${action[0]?.toUpperCase()}${action.slice(1)}`
  return `${verb} ${area}`
}
