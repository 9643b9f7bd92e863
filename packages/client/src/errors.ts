import type { Problem } from './wire.ts'

/** Known to every copy of the package in a process. */
const KIND = Symbol.for('latchkey.error')

/** What this package throws. `code` tells what went wrong; the message says what to do. */
export class LatchkeyError extends Error {
  /** A code of the API, or one of this package: invalid_options, connection_failed, timeout, aborted, … */
  readonly code: string
  readonly [KIND]: readonly string[]

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'LatchkeyError'
    this.code = code
    this[KIND] = kindsOf(new.target)
  }

  /** An error of another copy of the package is recognised too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: of the class that is asked, not of this one.
    return kindsOfError(value).includes(this.kind)
  }

  /** What the class is called, whatever a bundler makes of its name. */
  static readonly kind: string = 'LatchkeyError'
}

/** The service answered, and not what was asked for. */
export class ApiError extends LatchkeyError {
  static override readonly kind = 'ApiError'
  /** HTTP status. */
  readonly status: number
  /** What went wrong this time, in the words of the service. */
  readonly detail: string
  /** One entry for each offending input. */
  readonly errors: NonNullable<Problem['errors']>
  /** For whoever looks into the log of the service; undefined: something else answered. */
  readonly requestId: string | undefined
  /** After how many seconds the same request may succeed; undefined: it was not said. */
  readonly retryAfterSeconds: number | undefined

  constructor(code: string, message: string, answer: Omit<ApiError, keyof LatchkeyError>) {
    super(code, message)
    this.name = 'ApiError'
    this.status = answer.status
    this.detail = answer.detail
    this.errors = answer.errors
    this.requestId = answer.requestId
    this.retryAfterSeconds = answer.retryAfterSeconds
  }
}

/** Nobody answered. */
export class ConnectionError extends LatchkeyError {
  static override readonly kind = 'ConnectionError'

  constructor(message: string, cause?: unknown) {
    super('connection_failed', message, cause)
    this.name = 'ConnectionError'
  }
}

/** The time of the call was over, retries included. */
export class TimeoutError extends LatchkeyError {
  static override readonly kind = 'TimeoutError'

  constructor(message: string, cause?: unknown) {
    super('timeout', message, cause)
    this.name = 'TimeoutError'
  }
}

/** The caller's signal ended the call. */
export class AbortError extends LatchkeyError {
  static override readonly kind = 'AbortError'

  constructor(cause?: unknown) {
    super('aborted', 'The call was ended by its signal.', cause)
    this.name = 'AbortError'
  }
}

function kindsOf(type: typeof LatchkeyError): string[] {
  const kinds: string[] = []
  let known: typeof LatchkeyError | null = type
  while (typeof known?.kind === 'string') {
    kinds.push(known.kind)
    known = Object.getPrototypeOf(known) as typeof LatchkeyError | null
  }
  return kinds
}

function kindsOfError(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null && KIND in value ? (value[KIND] as string[]) : []
}
