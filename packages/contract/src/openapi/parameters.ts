import type { Operation } from '../operations/operation.ts'
import { plainSchema } from './component-schemas.ts'
import type { ParameterObject, Reference, SchemaObject } from './document.ts'
import { EXAMPLE_IDS } from './examples/example.ts'

/** Parameters of paths and headers; those of queries come from their schemas. */
export const componentParameters: Readonly<Record<string, ParameterObject>> = {
  keyId: pathParameter('keyId', 'Id of the key.', EXAMPLE_IDS.key),
  userId: pathParameter('userId', 'Id of the user.', EXAMPLE_IDS.user),
  companyId: pathParameter('companyId', 'Id of the company.', EXAMPLE_IDS.company),
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Makes a repeated creation safe: for 24 hours the same value with the same body gets the first answer again. ' +
      'Visible ASCII characters.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'The ETag of the version to change. 412 when the item is at another.',
    schema: { type: 'string' },
  },
  CompanyId: {
    name: 'X-Company-Id',
    in: 'header',
    required: false,
    description:
      'The company to act for. Only for the operator, with the permission companies:update; from anybody else 403.',
    schema: { type: 'string' },
  },
}

function pathParameter(name: string, description: string, example: string): ParameterObject {
  return { name, in: 'path', required: true, description, schema: { type: 'string' }, example }
}

/** Path, query, then headers. Throws TypeError for a path parameter that is not described above. */
export function parametersOf(operation: Operation): (ParameterObject | Reference)[] {
  const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => component(name))
  const headers = [
    ...(operation.isIdempotent ? ['IdempotencyKey'] : []),
    ...(operation.hasEtag && operation.method !== 'GET' ? ['IfMatch'] : []),
    ...(operation.authentication === 'required' ? ['CompanyId'] : []),
  ]
  return [...inPath, ...queryParameters(operation), ...headers.map(component)]
}

function component(name: string): Reference {
  if (componentParameters[name] === undefined) throw new TypeError(`describe the parameter ${name}`)
  return { $ref: `#/components/parameters/${name}` }
}

function queryParameters({ query }: Operation): ParameterObject[] {
  if (query === undefined) return []
  const { properties = {}, required = [] } = plainSchema(query)
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: schema satisfies SchemaObject,
  }))
}
