import { Type } from 'typebox'
import type { Operation } from '../operations/operation.ts'
import { type OperationId, operations } from '../operations.ts'
import { Problem } from '../schemas/problem.ts'
import { referenceTo } from './component-schemas.ts'
import type { Example, HeaderObject, Reference, ResponseObject, SchemaObject } from './document.ts'
import { type ProblemStatus, problemCodesOf } from './problem-codes.ts'

export const componentHeaders: Readonly<Record<string, HeaderObject>> = {
  XRequestId: header('Id of this request, also in error bodies and the audit log.'),
  Link: header('RFC 8288 links, rel next and prev, equal to nextUrl and previousUrl.'),
  Location: header('Path of the new item.', { type: 'string', format: 'uri-reference' }),
  IdempotentReplayed: header('Present and true when this answer was replayed.', { type: 'boolean' }),
  ETag: header('Entity tag of this version, for If-Match.'),
  RetryAfter: header('Seconds to wait. Absent where waiting is no use, or for how long is not known.', {
    type: 'integer',
  }),
  WWWAuthenticate: header('Bearer challenge, with error="invalid_token" when a credential was refused.'),
  RateLimit: header('What is left, for example "default";r=58;t=12. Absent where no quota applies.'),
  RateLimitPolicy: header('The quota in force, for example "default";q=60;w=60. Absent where none applies.'),
}

function header(description: string, schema: SchemaObject = { type: 'string' }): HeaderObject {
  return { description, schema }
}

const headersNamed = (names: Readonly<Record<string, string>>): Record<string, Reference> =>
  Object.fromEntries(
    Object.entries(names).map(([name, key]) => [name, { $ref: `#/components/headers/${key}` }]),
  )
const REQUEST_ID = { 'X-Request-Id': 'XRequestId' }
const QUOTA = { RateLimit: 'RateLimit', 'RateLimit-Policy': 'RateLimitPolicy' }

type ProblemText = {
  readonly name: string
  readonly description: string
  readonly headers?: Readonly<Record<string, string>>
}

const PROBLEM_TEXTS: Readonly<Record<ProblemStatus, ProblemText>> = {
  400: { name: 'BadRequest', description: 'The request is malformed or breaks a rule.' },
  401: {
    name: 'Unauthorized',
    description: 'No valid credential.',
    headers: { 'WWW-Authenticate': 'WWWAuthenticate' },
  },
  403: {
    name: 'Forbidden',
    description: 'The credential is valid but not allowed to do this, or not from here.',
  },
  404: { name: 'NotFound', description: "There is no such item in the caller's company." },
  406: { name: 'NotAcceptable', description: 'Accept excludes JSON.' },
  409: {
    name: 'Conflict',
    description: 'The request conflicts with the current state, or with another of the same Idempotency-Key.',
    headers: { 'Retry-After': 'RetryAfter' },
  },
  412: { name: 'PreconditionFailed', description: 'The item is at another version than If-Match names.' },
  413: {
    name: 'PayloadTooLarge',
    description: 'The body is larger than this operation takes (see its x-body-bytes-max).',
  },
  415: { name: 'UnsupportedMediaType', description: 'The body is not JSON.' },
  422: {
    name: 'IdempotencyMismatch',
    description: 'The idempotency key was used before with another body.',
  },
  429: {
    name: 'TooManyRequests',
    description: 'Too many failed credentials came from this address.',
    headers: { 'Retry-After': 'RetryAfter', ...QUOTA },
  },
  500: { name: 'ServerError', description: 'The service failed; nothing was changed.' },
  503: {
    name: 'Unavailable',
    description:
      'The service cannot do this at the moment; nothing was changed, unless the detail says that it is stored.',
    headers: { 'Retry-After': 'RetryAfter' },
  },
}

export function componentResponses(): Record<string, ResponseObject> {
  const schema = referenceTo(Problem)
  return Object.fromEntries(
    Object.values(PROBLEM_TEXTS).map(({ name, description, headers }) => [
      name,
      {
        description,
        headers: headersNamed({ ...REQUEST_ID, ...headers }),
        content: { 'application/problem+json': { schema } },
      },
    ]),
  )
}

type Examples = Readonly<Record<string, Example>>

/** The answer to success and every problem, by status. */
export function responsesOf(
  id: OperationId,
  operation: Operation,
  examples: Examples | undefined,
): Record<string, ResponseObject | Reference> {
  const statuses = Object.keys(problemCodesOf(id, operation)).map((text) => Number(text) as ProblemStatus)
  const problems = statuses.map((status) => [
    status,
    { $ref: `#/components/responses/${PROBLEM_TEXTS[status].name}` },
  ])
  return { [operation.success.status]: success(operation, examples), ...Object.fromEntries(problems) }
}

function success(operation: Operation, examples: Examples | undefined): ResponseObject {
  const { status, schema } = operation.success
  const isRead = operation.query !== undefined
  const hasPages = Type.IsObject(schema) && 'nextUrl' in schema.properties
  const headers = {
    ...REQUEST_ID,
    ...(hasPages ? { Link: 'Link' } : {}),
    ...(isRead ? QUOTA : {}),
    ...(operation.isIdempotent ? { Location: 'Location', 'Idempotent-Replayed': 'IdempotentReplayed' } : {}),
    ...(isTagged(operation) ? { ETag: 'ETag' } : {}),
  }
  return {
    description: status === 201 ? 'Created' : 'Success',
    headers: headersNamed(headers),
    ...(schema === undefined
      ? {}
      : {
          content: {
            'application/json': {
              schema: referenceTo(schema),
              ...(examples === undefined ? {} : { examples }),
            },
          },
        }),
  }
}

/** What one operation reads with an ETag, every other that answers with it tags as well. */
function isTagged({ success: { schema } }: Operation): boolean {
  const tagged = Object.values(operations).filter((other) => 'hasEtag' in other && other.hasEtag)
  return schema !== undefined && tagged.some((other: Operation) => other.success.schema === schema)
}
