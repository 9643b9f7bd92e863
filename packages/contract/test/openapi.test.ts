import { readFileSync } from 'node:fs'
import { parseSecret } from '@latchkey/core/secret'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import type { OperationObject } from '../src/openapi/document.ts'
import { openApiDocument } from '../src/openapi.ts'
import { operations } from '../src/operations.ts'
import { dereference, type Json, objectAt } from './json.ts'

const document = openApiDocument()
const plain = dereference(document as unknown as Json)

const everything = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation, id: operation.operationId })),
)
/** Those of the table; the others are protocols of others. */
const entries = everything.filter(({ id }) => id in operations)
const plainOperation = ({ path, method }: { path: string; method: string }): OperationObject =>
  objectAt(plain, 'paths', path, method) as unknown as OperationObject

function compile(schema: unknown): ValidateFunction {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true })
  ajvFormats.default(ajv)
  return ajv.compile(schema as Json)
}

/** Every value in the document, with the names of the fields that lead to it. */
function* walk(
  value: unknown,
  path: readonly string[] = [],
): Generator<readonly [readonly string[], unknown]> {
  yield [path, value]
  if (typeof value !== 'object' || value === null) return
  for (const [name, part] of Object.entries(value)) yield* walk(part, [...path, name])
}

describe('the document', () => {
  test('is plain JSON, the same at every call', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document)
    expect(JSON.stringify(openApiDocument())).toBe(JSON.stringify(document))
    const odd = [...walk(document)].filter(([path]) => path.at(-1)?.startsWith('~'))
    expect(odd).toEqual([])
  })

  test('has every operation of the table once, under its id', () => {
    expect(entries.map(({ id }) => id).sort()).toEqual(Object.keys(operations).sort())
    expect(new Set(everything.map(({ id }) => id)).size).toBe(everything.length)
  })

  test('has what the service answers beside the table', () => {
    const others = everything.filter(({ id }) => !(id in operations))
    expect(others.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'post /oauth/token',
      'get /.well-known/oauth-authorization-server',
      'get /.well-known/jwks.json',
      'get /gateway/check',
      'get /gateway/nginx',
      'get /gateway/envoy',
      'get /metrics',
    ])
  })

  test('has the version of the packages', () => {
    for (const place of ['.', 'packages/core', 'packages/contract', 'packages/server', 'packages/cli']) {
      const file = new URL(`../../../${place}/package.json`, import.meta.url)
      expect(JSON.parse(readFileSync(file, 'utf8')).version).toBe(document.info.version)
    }
  })

  test('has no default in a body: a generator would take the field for required', () => {
    const defaults = [...walk(document.components.schemas)].filter(([path]) => path.at(-1) === 'default')
    expect(defaults).toEqual([])
  })

  test('has no reference that leads nowhere, and no component that nobody refers to', () => {
    const used = new Set([...walk(document)].filter(([path]) => path.at(-1) === '$ref').map(([, to]) => to))
    const { securitySchemes: _named, ...components } = document.components
    const all = Object.entries(components).flatMap(([kind, parts]) =>
      Object.keys(parts).map((name) => `#/components/${kind}/${name}`),
    )
    expect([...used].sort()).toEqual(all.sort())
  })

  test('names only declared tags and security schemes', () => {
    const tags = document.tags.map(({ name }) => name)
    const schemes = Object.keys(document.components.securitySchemes)
    for (const { operation } of entries) {
      expect(tags).toEqual(expect.arrayContaining([...operation.tags]))
      expect(schemes).toEqual(expect.arrayContaining(operation.security.flatMap((one) => Object.keys(one))))
    }
  })

  test('holds no text that could be a secret of a deployment', () => {
    const texts = [...walk(document)].flatMap(([, value]) =>
      typeof value === 'string' ? (value.match(/lk_(?:live|test)_\w+/g) ?? []) : [],
    )
    expect(texts.length).toBeGreaterThan(0)
    expect(texts.filter((text) => parseSecret(text, 'lk') !== undefined)).toEqual([])
  })
})

describe.each(entries)('$id', ({ path, method, operation, id }) => {
  const resolved = plainOperation({ path, method })

  test('declares every parameter of its path, and none twice', () => {
    const parameters = resolved.parameters as readonly Json[]
    const inPath = parameters.filter((one) => one.in === 'path')
    expect(inPath.map((one) => one.name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    expect(inPath.every((one) => one.required === true)).toBe(true)
    expect(new Set(parameters.map((one) => `${one.in} ${one.name}`)).size).toBe(parameters.length)
  })

  test('has one success and problems, all with a request id', () => {
    const statuses = Object.keys(resolved.responses)
    const problems = statuses.filter((status) => status >= '400')
    expect(statuses.length - problems.length).toBe(1)
    expect(problems).toEqual(Object.keys(operation['x-problem-codes']))
    expect(problems).toContain('500')
    for (const status of statuses) {
      const response = objectAt(resolved.responses, status)
      expect(objectAt(response, 'headers')).toHaveProperty('X-Request-Id')
      if (status >= '400')
        expect(Object.keys(objectAt(response, 'content'))).toEqual(['application/problem+json'])
    }
  })

  test('asks for a credential exactly when the table says so', () => {
    const { authentication, permission } = operations[id as keyof typeof operations]
    expect(operation.security.length > 0).toBe(authentication === 'required')
    expect('401' in operation.responses || authentication === 'none').toBe(true)
    expect(operation['x-permission']).toBe(permission)
  })

  test('shows examples that its own schemas accept, for what it takes and what it answers', () => {
    const answers = Object.values(resolved.responses).map((response) => objectAt(response, 'content'))
    const contents = [objectAt(resolved.requestBody, 'content'), ...answers]
    for (const content of contents) {
      if (!('application/json' in content)) continue
      const { schema, examples } = objectAt(content, 'application/json')
      const values = Object.values(objectAt(examples)).map((example) => objectAt(example).value)
      expect(values.length).toBeGreaterThan(0)
      const validate = compile(schema)
      for (const value of values) {
        validate(value)
        expect(validate.errors ?? []).toEqual([])
      }
    }
  })
})

test('what is in the way of itself says when to repeat it', () => {
  expect(document.components.responses.Conflict?.headers).toHaveProperty('Retry-After')
})

test('deleting a key is never an escalation: whoever sees a leak may stop it', () => {
  const refusals = document.paths['/keys/{keyId}']?.delete?.['x-problem-codes']['403']
  expect(refusals).toEqual(['missing_permission', 'ip_not_allowed', 'client_ip_unknown'])
})

test.each(Object.keys(document.components.schemas))('the schema %s compiles in strict mode', (name) => {
  expect(() => compile(objectAt(plain, 'components', 'schemas', name))).not.toThrow()
})

test.each(
  entries.flatMap(({ id, ...entry }) =>
    (plainOperation(entry).parameters as readonly Json[]).map((parameter) => ({ id, parameter })),
  ),
)('the parameter $parameter.name of $id compiles in strict mode', ({ parameter }) => {
  expect(() => compile(parameter.schema)).not.toThrow()
})
