/** Our document against the seed: the four operations every edition must keep. The rule is in yardstick.ts. */
import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { openApiDocument } from '../src/openapi.ts'
import { instanceOf } from './instance-of.ts'
import { dereference, type Json, objectAt } from './json.ts'
import { deviations } from './yardstick.ts'

const seed = parse(readFileSync(new URL('openapi-seed.yaml', import.meta.url), 'utf8')) as Json
const ours = openApiDocument() as unknown as Json
const [plainSeed, plainOurs] = [dereference(seed), dereference(ours)]

function compile(schema: Json): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  ajvFormats.default(ajv)
  return ajv.compile(schema)
}

const schemaOf = (document: Json, name: string): Json => objectAt(document, 'components', 'schemas', name)

test('all that is valid in the seed is valid here', () => {
  expect(deviations(seed, ours)).toEqual([])
})

describe('the examples of the seed', () => {
  for (const { at, method, path, operation } of operationsOf(plainSeed)) {
    const own = objectAt(plainOurs, 'paths', path, method)
    const requests = objectAt(operation, 'requestBody', 'content', 'application/json')
    for (const [name, example] of Object.entries(objectAt(requests.examples))) {
      test(`${at}, request ${name}, is accepted`, () => {
        const validate = compile(objectAt(own, 'requestBody', 'content', 'application/json', 'schema'))
        validate(objectAt(example).value)
        expect(validate.errors ?? []).toEqual([])
      })
    }
    for (const { status, type, schema, examples } of contentsOf(operation)) {
      for (const [name, example] of Object.entries(examples)) {
        // We answer more fields than the seed knows, so its examples are held against those both have.
        test(`${at}, answer ${status} ${name}, is an answer of ours as far as the seed knows its fields`, () => {
          const ourSchema = objectAt(own, 'responses', status, 'content', type, 'schema')
          const validate = compile(sharedPart(ourSchema, schema))
          validate(objectAt(example).value)
          expect(validate.errors ?? []).toEqual([])
        })
      }
    }
  }
})

describe('our own examples', () => {
  for (const { at, method, path, operation } of operationsOf(plainSeed)) {
    for (const { status, type, schema } of contentsOf(operation)) {
      const media = objectAt(plainOurs, 'paths', path, method, 'responses', status, 'content', type)
      for (const [name, example] of Object.entries(objectAt(media.examples))) {
        test(`${at}, answer ${status} ${name}, is an answer of the seed`, () => {
          const validate = compile(schema)
          validate(objectAt(example).value)
          expect(validate.errors ?? []).toEqual([])
        })
      }
    }
  }
})

test('every request to create a key that the seed allows has a shape we accept', () => {
  const validate = compile(schemaOf(plainOurs, 'ApiKeyCreate'))
  fc.assert(
    fc.property(instanceOf(schemaOf(plainSeed, 'ApiKeyCreate')), (body) => validate(body)),
    {
      numRuns: 1_000,
    },
  )
})

test.each(['ApiKey', 'ApiKeyList', 'WhitelistedIPs'])('every %s we may answer is one of the seed', (name) => {
  const validate = compile(schemaOf(plainSeed, name))
  fc.assert(
    fc.property(instanceOf(schemaOf(plainOurs, name)), (body) => validate(body)),
    { numRuns: 300 },
  )
})

type OperationEntry = {
  readonly at: string
  readonly method: string
  readonly path: string
  readonly operation: Json
}

function operationsOf(document: Json): OperationEntry[] {
  return Object.entries(objectAt(document.paths)).flatMap(([path, item]) =>
    Object.entries(objectAt(item))
      .filter(([method]) => method !== 'parameters')
      .map(([method, operation]) => ({
        at: `${method} ${path}`,
        method,
        path,
        operation: objectAt(operation),
      })),
  )
}

function contentsOf(operation: Json) {
  return Object.entries(objectAt(operation.responses)).flatMap(([status, response]) =>
    Object.entries(objectAt(response, 'content')).map(([type, media]) => ({
      status,
      type,
      schema: objectAt(media, 'schema'),
      examples: objectAt(media, 'examples'),
    })),
  )
}

/** Our schema without the fields the seed does not know; a field we do not know stays forbidden. */
function sharedPart(own: Json, seedSchema: Json): Json {
  const { properties, required, items, ...rest } = own
  const known = objectAt(seedSchema.properties)
  const shared = Object.entries(objectAt(properties)).filter(([name]) => name in known)
  return {
    ...rest,
    ...(items === undefined ? {} : { items: sharedPart(objectAt(items), objectAt(seedSchema.items)) }),
    ...(properties === undefined || seedSchema.properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            shared.map(([name, part]) => [name, sharedPart(objectAt(part), objectAt(known[name]))]),
          ),
          required: ((required ?? []) as string[]).filter((name) => name in known),
          additionalProperties: false,
        }),
  }
}

/** A copy of our document that may be written to, with no two places sharing anything. */
type Draft = { [name: string]: Draft }
const at = (copy: Draft, ...path: string[]): Draft => path.reduce((part, name) => part[name]!, copy)

const KEYS = ['paths', '/keys'] as const
const bodyOf = (copy: Draft): Draft =>
  at(copy, ...KEYS, 'post', 'requestBody', 'content', 'application/json', 'schema')
const answerOf = (copy: Draft): Draft =>
  at(copy, ...KEYS, 'post', 'responses', '201', 'content', 'application/json', 'schema')
const schemesOf = (copy: Draft): Draft => at(copy, 'components', 'securitySchemes')

function parameterOf(copy: Draft, name: string): Draft {
  const parameters = Object.values(at(copy, ...KEYS, 'get', 'parameters'))
  return parameters.find((one) => (one.name as unknown) === name)!
}

function rename(fields: Draft, from: string, to: string): void {
  for (const [name, value] of Object.entries(fields)) {
    delete fields[name]
    fields[name === from ? to : name] = value
  }
}

/** What is broken, how, and what must be said of it. */
const BREAKS: readonly (readonly [what: string, breaks: (copy: Draft) => unknown, said: string])[] = [
  [
    'a renamed field of a request',
    (copy) => rename(at(bodyOf(copy), 'properties'), 'whitelistedIPs', 'ips'),
    'post /keys body/whitelistedIPs: is missing',
  ],
  [
    'a renamed field of an answer',
    (copy) => rename(at(answerOf(copy), 'properties'), 'userId', 'ownerId'),
    'post /keys 201/userId: is not declared',
  ],
  [
    'a field of an answer in another place',
    (copy) => moveToEnd(at(answerOf(copy), 'properties'), 'key'),
    'post /keys 201: order is id, companyId, userId, whitelistedIPs',
  ],
  [
    'a field that is not always answered',
    (copy) => Object.assign(answerOf(copy), { required: ['id'] }),
    'post /keys 201/companyId: is required',
  ],
  [
    'a wider type in an answer',
    (copy) => Object.assign(at(answerOf(copy), 'properties', 'userId'), { type: ['string', 'null'] }),
    'post /keys 201/userId: type null is not accepted',
  ],
  [
    'a value of an answer that the seed does not know',
    (copy) => Object.assign(at(answerOf(copy), 'properties', 'status'), { enum: ['active', 'expired'] }),
    'post /keys 201/status: expired is not accepted',
  ],
  [
    'times that are any text',
    (copy) => delete at(answerOf(copy), 'properties', 'createdAt').format,
    'post /keys 201/createdAt: format "date-time" is not given',
  ],
  [
    'a narrower type in a request',
    (copy) => Object.assign(at(bodyOf(copy), 'properties', 'whitelistedIPs'), { type: 'array' }),
    'post /keys body/whitelistedIPs: type null is not accepted',
  ],
  [
    'a pattern in a request',
    (copy) => Object.assign(at(bodyOf(copy), 'properties', 'userId'), { pattern: '^usr_' }),
    'post /keys body/userId: pattern "^usr_" is not given',
  ],
  [
    'a new required field',
    (copy) => Object.assign(bodyOf(copy), { required: ['userId', 'description'] }),
    'post /keys body/description: is required',
  ],
  [
    'a dropped parameter',
    (copy) => Object.assign(parameterOf(copy, 'startingAfter'), { name: 'after' }),
    'get /keys query startingAfter: is missing',
  ],
  [
    'a parameter in another place',
    (copy) => Object.assign(parameterOf(copy, 'limit'), { in: 'header' }),
    'get /keys query limit: is missing',
  ],
  [
    'a parameter that became required',
    (copy) => Object.assign(parameterOf(copy, 'offset'), { required: true }),
    'get /keys query offset: is required',
  ],
  [
    'a new required parameter',
    (copy) => Object.assign(parameterOf(copy, 'search'), { required: true }),
    'get /keys query search: is required',
  ],
  [
    'a narrower enum',
    (copy) => Object.assign(at(parameterOf(copy, 'status'), 'schema'), { enum: ['active', 'all'] }),
    'get /keys query status: inactive is not accepted',
  ],
  [
    'a tighter bound',
    (copy) => Object.assign(at(parameterOf(copy, 'limit'), 'schema'), { maximum: 50 }),
    'get /keys query limit: maximum 50 is tighter',
  ],
  [
    'another default',
    (copy) => Object.assign(at(parameterOf(copy, 'limit'), 'schema'), { default: 20 }),
    'get /keys query limit: default is 20',
  ],
  [
    'a removed scheme',
    (copy) => delete schemesOf(copy).apiKeyHeader,
    'security scheme apiKeyHeader: is missing',
  ],
  [
    'a scheme that reads another header',
    (copy) => Object.assign(at(schemesOf(copy), 'apiKeyHeader'), { name: 'X-Key' }),
    'security scheme apiKeyHeader name: is X-Key',
  ],
  [
    'a removed scope',
    (copy) => delete at(schemesOf(copy), 'oauth2', 'flows', 'clientCredentials', 'scopes')['keys:read'],
    'security scheme oauth2 flows clientCredentials scopes keys:read: is missing',
  ],
  [
    'an operation that does not take a scheme',
    (copy) => Object.assign(at(copy, ...KEYS, 'get'), { security: [{ oauth2: [] }] }),
    'get /keys: security bearerAuth is missing',
  ],
  [
    'a removed operation',
    (copy) => delete at(copy, 'paths', '/keys/{keyId}').delete,
    'delete /keys/{keyId}: is missing',
  ],
  [
    'a renamed path',
    (copy) => rename(at(copy, 'paths'), '/keys/{keyId}', '/keys/{id}'),
    'get /keys/{keyId}: is missing',
  ],
  [
    'another operation id',
    (copy) => Object.assign(at(copy, ...KEYS, 'get'), { operationId: 'listKeys' }),
    'get /keys: operationId is listKeys',
  ],
  [
    'another success code',
    (copy) => rename(at(copy, ...KEYS, 'post', 'responses'), '201', '200'),
    'post /keys 200: is not in the seed',
  ],
  [
    'a body where there is none',
    (copy) =>
      Object.assign(at(copy, 'paths', '/keys/{keyId}', 'delete', 'responses', '204'), {
        content: { 'application/json': {} },
      }),
    'delete /keys/{keyId} 204: application/json is not in the seed',
  ],
  [
    'a removed header',
    (copy) => delete at(copy, ...KEYS, 'post', 'responses', '201', 'headers').Location,
    'post /keys 201 header Location: is missing',
  ],
  [
    'errors of another media type',
    (copy) =>
      rename(
        at(copy, ...KEYS, 'get', 'responses', '400', 'content'),
        'application/problem+json',
        'application/json',
      ),
    'get /keys 400: application/problem+json is missing',
  ],
  [
    'a renamed schema',
    (copy) => rename(at(copy, 'components', 'schemas'), 'ApiKey', 'Key'),
    'schema ApiKey: is missing',
  ],
]

function moveToEnd(fields: Draft, name: string): void {
  const value = fields[name]!
  delete fields[name]
  fields[name] = value
}

describe('the yardstick notices', () => {
  test.each(BREAKS)('%s', (_what, breaks, said) => {
    const copy = JSON.parse(JSON.stringify(plainOurs)) as Draft
    breaks(copy)
    expect(deviations(seed, copy).join('\n')).toContain(said)
  })
})
