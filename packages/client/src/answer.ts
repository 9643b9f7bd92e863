import { ApiError } from './errors.ts'
import type { Problem } from './wire.ts'

/** An answer as it came: `body` is undefined where there is none. */
export type RawAnswer = { readonly response: Response; readonly text: string }

/** What an answer holds. Throws ApiError: what the service refused, or that something else answered in its place. */
export function readAnswer({ response, text }: RawAnswer, what: string): unknown {
  const { status } = response
  const isProblem = status >= 400
  if (status === 204) return undefined
  const body = /[/+]json\b/i.test(response.headers.get('content-type') ?? '') ? parse(text) : undefined
  if (typeof body !== 'object' || body === null) throw unexpected(response, what)
  if (!isProblem && status >= 200 && status < 300) return body
  const problem = body as Partial<Problem>
  if (typeof problem.code !== 'string') throw unexpected(response, what)
  const { code, detail = '', errors = [], requestId } = problem
  throw new ApiError(code, `${what}: ${detail}${hintOf(code)}${requestId ? ` (request ${requestId})` : ''}`, {
    status,
    detail,
    errors,
    requestId,
    retryAfterSeconds: retryAfterOf(response),
  })
}

function hintOf(code: string): string {
  if (code === 'route_not_found' || code === 'method_not_allowed')
    return ' Is url right, or is the service older than this client?'
  if (code === 'invalid_credentials') return ' Check the key that the client was made with.'
  if (code === 'missing_permission') return ' Use a key that has it.'
  return ''
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Something between, or another service, has answered. */
function unexpected(response: Response, what: string): ApiError {
  const { status } = response
  const type = response.headers.get('content-type') ?? 'no content type'
  const isElsewhere = status === 0 || (status >= 300 && status < 400)
  const detail = isElsewhere
    ? `leads elsewhere (${status}, ${response.headers.get('location') ?? 'unknown'}), where no key is sent: set url to that, if it is yours.`
    : `was answered with ${status} and ${type}, which is not an answer of Latchkey: is url right, or does a proxy answer in its place?`
  return notOurs(response, what, detail)
}

/** The error of an answer that nobody but another service could have given. */
export function notOurs(response: Response, what: string, detail: string): ApiError {
  return new ApiError('unexpected_answer', `${what} ${detail}`, {
    status: response.status,
    detail,
    errors: [],
    requestId: undefined,
    retryAfterSeconds: retryAfterOf(response),
  })
}

/** Whole seconds; a date is not something the service says. */
function retryAfterOf(response: Response): number | undefined {
  const text = response.headers.get('retry-after')
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
