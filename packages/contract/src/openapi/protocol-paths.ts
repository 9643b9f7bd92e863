import { ERROR_CODES } from '@latchkey/core/error'
import { VERDICT_HEADERS } from '../gateway-headers.ts'
import { OAUTH_CODES } from '../oauth-codes.ts'
import { BODY_BYTES_MAX, shownBytes } from '../operations/operation.ts'
import { Problem } from '../schemas/problem.ts'
import { referenceTo } from './component-schemas.ts'
import type {
  OpenApiDocument,
  OperationObject,
  ParameterObject,
  ResponseObject,
  SchemaObject,
} from './document.ts'
import { ANY_CREDENTIAL } from './security-schemes.ts'

/*
 * What the service answers beside the operations table: protocols that others have written, with statuses, bodies and
 * errors of their own.
 */

type Spoken = Pick<OperationObject, 'operationId' | 'tags' | 'summary' | 'description' | 'responses'> &
  Partial<Pick<OperationObject, 'parameters' | 'requestBody' | 'security' | 'x-body-bytes-max'>>

const operation = (spoken: Spoken): OperationObject => ({
  security: [],
  parameters: [],
  'x-permission': null,
  'x-problem-codes': {},
  ...spoken,
})

const text = (description?: string): SchemaObject => ({
  type: 'string',
  ...(description === undefined ? {} : { description }),
})

const oneOf = (values: readonly string[]): SchemaObject => ({ type: 'string', enum: values })

function object(
  properties: Readonly<Record<string, SchemaObject>>,
  required: readonly string[] = Object.keys(properties),
): SchemaObject {
  return { type: 'object', properties, required }
}

const REQUEST_ID = { 'X-Request-Id': { $ref: '#/components/headers/XRequestId' } }

const json = (description: string, schema: SchemaObject): ResponseObject => ({
  description,
  headers: REQUEST_ID,
  content: { 'application/json': { schema } },
})

const tokenRequest = object(
  {
    grant_type: { type: 'string', enum: ['client_credentials'] },
    client_id: text('Id of the key, where it is not sent by HTTP Basic.'),
    client_secret: text('The key itself, where it is not sent by HTTP Basic.'),
    scope: text('Permissions, with spaces between: only ones that the key has. Absent: all of them.'),
  },
  ['grant_type'],
)

const tokenAnswer = object({
  access_token: text('For Authorization: Bearer.'),
  token_type: { type: 'string', enum: ['Bearer'] },
  expires_in: { type: 'integer', description: 'Seconds.' },
  scope: text('What the token may do.'),
})

const tokenError = json(
  'The error of RFC 6749 §5.2.',
  object(
    {
      error: {
        type: 'string',
        enum: [...OAUTH_CODES],
      },
      error_description: text(),
    },
    ['error'],
  ),
)

const token = operation({
  operationId: 'requestToken',
  tags: ['Session'],
  summary: 'Get an access token (OAuth 2 client credentials)',
  description:
    'client_id is the id of a key, client_secret the key itself: by HTTP Basic or in the form, not both. The token ' +
    'lives five minutes and stops working with its key.',
  requestBody: {
    required: true,
    description: `A form of ${shownBytes(BODY_BYTES_MAX)} at most.`,
    content: { 'application/x-www-form-urlencoded': { schema: tokenRequest } },
  },
  'x-body-bytes-max': BODY_BYTES_MAX,
  responses: {
    '200': json('The token.', tokenAnswer),
    '400': tokenError,
    '401': tokenError,
    '413': tokenError,
    '429': tokenError,
    '503': { $ref: '#/components/responses/Unavailable' },
  },
})

const metadata = operation({
  operationId: 'getOAuthMetadata',
  tags: ['Session'],
  summary: 'What OAuth clients discover (RFC 8414)',
  description: 'The issuer, the token endpoint and the key set, for clients that configure themselves.',
  responses: {
    '200': json(
      'The metadata.',
      object({
        issuer: text(),
        token_endpoint: text(),
        jwks_uri: text(),
        scopes_supported: { type: 'array', items: text() },
        response_types_supported: { type: 'array', items: text() },
        grant_types_supported: { type: 'array', items: text() },
        token_endpoint_auth_methods_supported: { type: 'array', items: text() },
        service_documentation: text(),
      }),
    ),
  },
})

const keySet = operation({
  operationId: 'getJwks',
  tags: ['Session'],
  summary: 'The public keys of our tokens (RFC 7517)',
  description:
    'For whoever checks the signature itself. Only POST /verify knows whether a token still counts.',
  responses: {
    '200': json(
      'The key set.',
      object({ keys: { type: 'array', items: { type: 'object', additionalProperties: true } } }),
    ),
  },
})

const gatewayParameters: readonly ParameterObject[] = [
  {
    name: 'permission',
    in: 'query',
    required: false,
    description: 'What the client needs, as area:action. Any other parameter is refused: it opens no gate.',
    schema: text(),
  },
  {
    name: 'cost',
    in: 'query',
    required: false,
    description: 'What the request counts for in the limits of the key; 1 where it is not said.',
    schema: { type: 'integer', minimum: 0, maximum: 1_000 },
  },
  {
    name: 'X-Gateway-Token',
    in: 'header',
    required: false,
    description: 'A key with keys:verify, where the gateway is not named in LATCHKEY_TRUSTED_PROXIES.',
    schema: text(),
  },
]

/** Of a key that has limits, in the form of draft-ietf-httpapi-ratelimit-headers. */
const LIMIT_HEADERS = {
  RateLimit: {
    description: 'How the limits of the key stand: "name";r=left;t=seconds. Absent where it has none.',
    schema: text(),
  },
  'RateLimit-Policy': {
    description: 'The limits of the key: "name";q=limit;w=seconds. Absent where it has none.',
    schema: text(),
  },
} as const

/** Of the headers of a verdict, those with a closed list of values. */
const CLOSED: Readonly<Record<string, SchemaObject>> = {
  'X-Auth-Error': oneOf(['-', ...ERROR_CODES]),
  'X-Auth-Mode': oneOf(['-', 'live', 'test']),
}

const verdictHeaders = Object.fromEntries(
  Object.entries(VERDICT_HEADERS).map(([name, description]) => [
    name,
    { description: `${description} - where there is none.`, schema: CLOSED[name] ?? text() },
  ]),
)

const verdict = (description: string, headers: ResponseObject['headers'] = {}): ResponseObject => ({
  description,
  headers: {
    ...REQUEST_ID,
    ...headers,
    ...verdictHeaders,
    'X-Envoy-Auth-Headers-To-Remove': {
      description: 'For Envoy, which keeps the key from the application then.',
      schema: text(),
    },
  },
})

const refusal = (description: string, headers?: ResponseObject['headers']): ResponseObject => ({
  ...verdict(description, headers),
  content: { 'application/problem+json': { schema: referenceTo(Problem) } },
})

const CHALLENGE = { 'WWW-Authenticate': { $ref: '#/components/headers/WWWAuthenticate' } }

/** When to come back, where that is known. */
const RETRY = {
  'Retry-After': { $ref: '#/components/headers/RetryAfter' },
  'X-Auth-Retry-After': {
    description: 'The same seconds, for gateways that cannot copy Retry-After.',
    schema: { type: 'integer' },
  },
} as const
const TOO_OFTEN = { ...RETRY, ...LIMIT_HEADERS }

function gateway(operationId: string, summary: string, description: string): OperationObject {
  return operation({
    operationId,
    tags: ['Gateways'],
    summary,
    description: `${description} Every method is answered alike, the body is never read, and each answer has all X-Auth headers of a verdict.`,
    parameters: gatewayParameters,
    responses: {
      '200': verdict('Let the client through.', LIMIT_HEADERS),
      '401': refusal('Refuse: no valid credential.', CHALLENGE),
      ...(operationId === 'checkForNginx'
        ? { '403': refusal('Refuse: not allowed, or too often.', TOO_OFTEN) }
        : {
            '403': refusal('Refuse: not allowed.'),
            '429': refusal(
              'Refuse: a limit of the key is used up, or too many failures from there.',
              TOO_OFTEN,
            ),
          }),
      '500': refusal('The service failed: refuse.'),
      '503': refusal('Nothing can be told now: refuse.', RETRY),
    },
  })
}

const metrics = operation({
  operationId: 'getMetrics',
  tags: ['Operation'],
  summary: 'Metrics for Prometheus',
  description:
    'Counters and durations, in the text format of Prometheus. Never an id of a key. Without a credential only from the ' +
    'addresses in LATCHKEY_METRICS_FROM; from elsewhere with a credential of the operator that has companies:read.',
  security: [...ANY_CREDENTIAL, {}],
  responses: {
    '200': {
      description: 'The metrics.',
      headers: REQUEST_ID,
      content: { 'text/plain': { schema: text() } },
    },
    '401': { $ref: '#/components/responses/Unauthorized' },
    '403': { $ref: '#/components/responses/Forbidden' },
    '429': { $ref: '#/components/responses/TooManyRequests' },
    '503': { $ref: '#/components/responses/Unavailable' },
  },
})

export const PROTOCOL_TAGS = {
  Gateways: 'One question for every gateway: may this client pass?',
} as const

export const protocolPaths: OpenApiDocument['paths'] = {
  '/oauth/token': { post: token },
  '/.well-known/oauth-authorization-server': { get: metadata },
  '/.well-known/jwks.json': { get: keySet },
  '/gateway/check': {
    get: gateway(
      'checkForGateway',
      'Check a client for a gateway',
      'For Traefik, Caddy, HAProxy and APISIX.',
    ),
  },
  '/gateway/nginx': {
    get: gateway('checkForNginx', 'Check a client for nginx', 'For auth_request: 429 goes as 403.'),
  },
  '/gateway/envoy': {
    get: gateway(
      'checkForEnvoy',
      'Check a client for Envoy',
      'For ext_authz, which appends the client’s own path.',
    ),
  },
  '/metrics': { get: metrics },
}
