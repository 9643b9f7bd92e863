import type { Problem } from '@latchkey/contract/schemas/problem'

/** One thing that is wrong with what was sent, in the API's own words. */
export type Fault = { readonly pointer?: string; readonly parameter?: string; readonly detail: string }

/** The API's refusal. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly requestId: string
  readonly faults: readonly Fault[]
  readonly retryAfterSeconds: number | undefined

  constructor(problem: Problem, retryAfterSeconds: number | undefined) {
    super(problem.detail)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code
    this.requestId = problem.requestId
    this.faults = (problem.errors ?? []) as readonly Fault[]
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** No answer came: whether the service did it is not known. */
export class ConnectionError extends Error {
  constructor() {
    super('The service did not answer. Check the network; what you typed is kept.')
    this.name = 'ConnectionError'
  }
}

/** A part of the console itself did not come. */
export class MissingPartError extends Error {
  constructor() {
    super('This part of the console did not load: the service does not answer, or it has a new release.')
    this.name = 'MissingPartError'
  }
}

/** What is wrong with one field, or one parameter of a list, by the name under which the API knows it. */
export function faultOf(error: unknown, field: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined
  const found = error.faults.find(
    ({ pointer, parameter }) =>
      parameter === field || pointer === `/${field}` || pointer?.startsWith(`/${field}/`),
  )
  return found === undefined ? undefined : sentence(found.detail)
}

/** The API writes what follows the name of the field: “must have at least 12 characters.” */
function sentence(detail: string): string {
  const text = detail.trim()
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
