import type { Problem } from '@latchkey/contract/schemas/problem'
import { acting } from './acting.ts'
import { ApiError, ConnectionError } from './api-error.ts'
import { basePath } from './base.ts'
import { sessionPhase, untilResumed } from './session.ts'

export type RequestOptions = {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export type Answered<Body> = { readonly body: Body; readonly etag: string | undefined }

/** Where a session begins and ends: a refusal there is the answer. */
const OF_THE_SESSION = /^\/console\/(?:sessions?|setup)$/

/**
 * One request to the service, as whoever is signed in. Where the session has ended meanwhile it waits until somebody
 * signs in again, and then asks again. Throws ApiError, ConnectionError.
 */
export async function request<Body>(
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answered<Body>> {
  for (;;) {
    const response = await send(method, path, options)
    if (response.ok) {
      const body = response.status === 204 ? undefined : await response.json()
      return { body: body as Body, etag: response.headers.get('etag') ?? undefined }
    }
    const error = await refusalOf(response)
    if (error.status !== 401 || OF_THE_SESSION.test(path) || sessionPhase.get() === 'out') throw error
    if (sessionPhase.get() === 'unknown') throw error
    sessionPhase.set('ended')
    if (!(await untilResumed())) throw error
  }
}

async function send(method: string, path: string, { query, body, headers, signal }: RequestOptions) {
  const company = acting.get()
  try {
    return await fetch(`${basePath}${path}${queryText(query)}`, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      headers: {
        accept: 'application/json',
        // Only the console can send it: see the service's console-cookie.ts.
        'x-latchkey-console': '1',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(company === undefined ? {} : { 'x-company-id': company.id }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ConnectionError()
  }
}

export function queryText(query: RequestOptions['query'] = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) parameters.set(name, String(value))
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

async function refusalOf(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get('retry-after') ?? 'NaN')
  const retryAfterSeconds = Number.isFinite(retryAfter) ? retryAfter : undefined
  try {
    return new ApiError((await response.json()) as Problem, retryAfterSeconds)
  } catch {
    // A proxy in between answered in its own way.
    const detail = `Something between here and the service answered ${response.status}.`
    const problem = {
      type: '',
      title: '',
      status: response.status,
      detail,
      message: detail,
      code: 'unknown',
      requestId: '',
    }
    return new ApiError(problem as unknown as Problem, retryAfterSeconds)
  }
}
