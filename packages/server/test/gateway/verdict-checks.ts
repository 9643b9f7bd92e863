import { openApiDocument } from '@latchkey/contract/openapi'
import { expect } from 'vitest'
import type { TestAnswer } from '../harness.ts'
import type { WireAnswer } from './recorded-request.ts'

type GatewayAnswer = Pick<TestAnswer | WireAnswer, 'headers'>

/** What the gateway is told, by name. */
export const verdictOf = ({ headers }: GatewayAnswer): Record<string, unknown> =>
  Object.fromEntries(VERDICT_HEADERS.map((name) => [nameOf(name), headers[name]]))

export const VERDICT_HEADERS = [
  'status',
  'error',
  'key-id',
  'user-id',
  'company-id',
  'permissions',
  'mode',
  'replace-by',
].map((name) => `x-auth-${name}`)

/** A refusal names nobody. */
export const denied = (status: number, error: string): Record<string, string> => ({
  ...Object.fromEntries(VERDICT_HEADERS.map((name) => [nameOf(name), '-'])),
  status: String(status),
  error,
})

const nameOf = (header: string) => header.slice('x-auth-'.length)

/** Every answer header that a gateway may copy: an absent one would let the client's own through. */
export function expectEveryHeader(answer: GatewayAnswer): void {
  for (const name of VERDICT_HEADERS) expect(answer.headers[name], name).toMatch(/^\S/)
  expect(answer.headers['x-envoy-auth-headers-to-remove']).toBe('x-api-key')
  expect(answer.headers['x-request-id']).toMatch(/^req_/)
  expect(answer.headers['cache-control']).toBe('no-store')
}

const { paths } = openApiDocument()

/** Those of HTTP itself, and what every answer of the service has. */
const EVERYWHERE =
  /^(?:date|connection|keep-alive|content-(?:type|length)|cache-control|vary|x-content-type-options)$/

/** That the document names the status, and each header of the answer. */
export function expectDocumented(path: string, { status, headers }: TestAnswer): void {
  const [documented = ''] = path.split('?')
  const known = paths[documented.replace(/(?<=^\/gateway\/envoy)\/.*$/, '')]?.get?.responses[status]
  const named = known !== undefined && 'headers' in known ? Object.keys(known.headers ?? {}) : []
  const told = Object.keys(headers).filter((name) => !EVERYWHERE.test(name))
  const left = told.filter((name) => !named.some((each) => each.toLowerCase() === name))
  expect([path, status, left]).toEqual([path, status, []])
}
