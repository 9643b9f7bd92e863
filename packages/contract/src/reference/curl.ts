import type { OpenApiDocument, OperationObject, ParameterObject } from '../openapi/document.ts'
import { find } from './find.ts'

/** Where a first start listens. Whoever serves the page puts its own address in its place. */
export const EXAMPLE_ORIGIN = 'http://localhost:7070'

type Call = { readonly method: string; readonly path: string; readonly operation: OperationObject }

/** A command that can be pasted as it is, once $KEY (or, for a session, $TOKEN) is set. */
export function curl(document: OpenApiDocument, { method, path, operation }: Call): string {
  const parameters = operation.parameters.map((part) => find<ParameterObject>(document, part))
  const url = parameters.reduce(
    (text, { name, example = '' }) => text.replace(`{${name}}`, () => encodeURIComponent(example)),
    `${EXAMPLE_ORIGIN}${path}`,
  )
  const body = exampleBody(operation)
  const isImplied = method === 'get' || (method === 'post' && body !== undefined)
  return [
    `curl ${isImplied ? '' : `-X ${method.toUpperCase()} `}${url}`,
    ...credential(operation),
    ...(body === undefined ? [] : ["-H 'Content-Type: application/json'", `-d ${quote(body)}`]),
  ].join(' \\\n  ')
}

/** The form of a token request. */
const FORM = ['-u "$KEY_ID:$KEY"', '-d grant_type=client_credentials']

function credential({ security, requestBody }: OperationObject): string[] {
  if (requestBody?.content['application/x-www-form-urlencoded'] !== undefined) return FORM
  if (security.some((one) => 'apiKeyHeader' in one)) return ['-H "X-API-KEY: $KEY"']
  return security.length === 0 ? [] : ['-H "Authorization: Bearer $TOKEN"']
}

function exampleBody({ requestBody }: OperationObject): string | undefined {
  const [example] = Object.values(requestBody?.content['application/json']?.examples ?? {})
  return example === undefined ? undefined : JSON.stringify(example.value, null, 2)
}

/** For a POSIX shell. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
