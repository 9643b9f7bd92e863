import { VERSION } from '@latchkey/core/version'
import { componentSchemas, referenceTo } from './openapi/component-schemas.ts'
import type { Example, OpenApiDocument, OperationObject } from './openapi/document.ts'
import { accessExamples } from './openapi/examples/access.ts'
import type { ExamplesOf } from './openapi/examples/example.ts'
import { keyExamples } from './openapi/examples/keys.ts'
import { peopleExamples } from './openapi/examples/people.ts'
import { usageExamples } from './openapi/examples/usage.ts'
import { verifierExamples } from './openapi/examples/verifiers.ts'
import { componentParameters, parametersOf } from './openapi/parameters.ts'
import { problemCodesOf } from './openapi/problem-codes.ts'
import { PROTOCOL_TAGS, protocolPaths } from './openapi/protocol-paths.ts'
import { componentHeaders, componentResponses, responsesOf } from './openapi/responses.ts'
import { ANY_CREDENTIAL, securityOf, securitySchemes } from './openapi/security-schemes.ts'
import { bodyBytesMaxOf, type Operation, shownBytes } from './operations/operation.ts'
import { type OperationId, operations } from './operations.ts'

/**
 * The OpenAPI 3.1 document of the operations table: plain JSON, the same at every call. `serverUrl`: where its paths
 * begin, as seen from the document.
 */
export function openApiDocument(serverUrl = '/'): OpenApiDocument {
  const document: OpenApiDocument = {
    openapi: '3.1.0',
    info: {
      title: 'Latchkey: API keys',
      version: VERSION,
      summary: 'Self-hosted API keys: issue, list, restrict by address, revoke and verify.',
      description:
        'Everything is JSON. A field or parameter that an operation does not know is refused, never ignored. ' +
        'Every error is a problem document (RFC 9457) with a stable code, which the service explains at ' +
        '/errors/<code>.',
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: serverUrl, description: 'Where this document came from.' }],
    tags: tags(),
    security: ANY_CREDENTIAL,
    paths: { ...paths(), ...protocolPaths },
    components: {
      securitySchemes: securitySchemes(serverUrl === '/' ? '' : serverUrl),
      parameters: componentParameters,
      headers: componentHeaders,
      responses: componentResponses(),
      schemas: componentSchemas(),
    },
  }
  return JSON.parse(JSON.stringify(document)) as OpenApiDocument
}

const TAG_DESCRIPTIONS: Readonly<Record<string, string>> = {
  'API Keys': "Create, list, read, change and delete the API keys that belong to the caller's company.",
  Usage: 'How often keys were used, from where, and why they were refused.',
  Verification: 'Ask whether a key may be used: one verdict, one reason.',
  Verifiers: 'What a verifier in your own process asks and tells: the client library does it for you.',
  Session: 'Who a credential is; signing in and out; tokens.',
  Users: 'The people and programs that keys act for.',
  Companies: 'The tenants of the deployment. For the operator.',
  Audit: 'What happened, in an unbroken chain.',
  Operation: 'Whether the process lives and can work.',
}

/** In the order of the table. Throws TypeError for a tag without a description. */
function tags() {
  const names = new Set(Object.values(operations).map(({ tag }) => tag))
  const own = [...names].map((name) => {
    const description = TAG_DESCRIPTIONS[name]
    if (description === undefined) throw new TypeError(`describe the tag ${name}`)
    return { name, description }
  })
  const others = Object.entries(PROTOCOL_TAGS).map(([name, description]) => ({ name, description }))
  return [...own, ...others]
}

function paths(): OpenApiDocument['paths'] {
  const found: Record<string, Record<string, OperationObject>> = {}
  for (const [id, operation] of Object.entries(operations)) {
    const methods = { ...found[operation.path] }
    methods[operation.method.toLowerCase()] = operationObject(id as OperationId, operation)
    found[operation.path] = methods
  }
  return found
}

/** An operation without its examples does not compile. */
const EXAMPLES: { readonly [Id in OperationId]: ExamplesOf<Id> } = {
  ...keyExamples,
  ...accessExamples,
  ...usageExamples,
  ...verifierExamples,
  ...peopleExamples,
}

function operationObject(id: OperationId, operation: Operation): OperationObject {
  const { tag, summary, description, permission, body } = operation
  const { request, answer }: { request?: Examples; answer?: Examples } = EXAMPLES[id]
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    security: securityOf(operation),
    parameters: parametersOf(operation),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            description: `JSON in UTF-8, ${shownBytes(bodyBytesMaxOf(operation))} at most.`,
            content: {
              'application/json': {
                schema: referenceTo(body),
                ...(request === undefined ? {} : { examples: request }),
              },
            },
          },
        }),
    responses: responsesOf(id, operation, answer),
    'x-permission': permission,
    ...(body === undefined ? {} : { 'x-body-bytes-max': bodyBytesMaxOf(operation) }),
    'x-problem-codes': problemCodesOf(id, operation),
  }
}

type Examples = Readonly<Record<string, Example>>
