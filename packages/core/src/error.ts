/** Every code a caller can meet in a problem document. Codes are API: added to, never renamed. */
export const ERROR_CODES = [
  'malformed_request',
  'malformed_json',
  'invalid_body',
  'missing_field',
  'invalid_field',
  'unknown_field',
  'read_only_field',
  'invalid_parameter',
  'unknown_parameter',
  'duplicate_parameter',
  'conflicting_parameters',
  'invalid_cursor',
  'user_not_found',
  'invalid_ip',
  'multiple_credentials',
  'missing_credentials',
  'invalid_credentials',
  'key_inactive',
  'key_expired',
  'user_inactive',
  'company_inactive',
  'token_expired',
  'missing_permission',
  'permission_escalation',
  'ip_not_allowed',
  'client_ip_unknown',
  'cross_site_request',
  'https_required',
  'key_not_found',
  'company_not_found',
  'rotation_not_found',
  'session_not_found',
  'route_not_found',
  'method_not_allowed',
  'not_acceptable',
  'request_timeout',
  'idempotency_in_progress',
  'already_exists',
  'last_owner',
  'user_has_keys',
  'quota_exceeded',
  'operator_company',
  'key_not_active',
  'rotation_open',
  'precondition_failed',
  'payload_too_large',
  'unsupported_media_type',
  'idempotency_key_reused',
  'rate_limited',
  'key_rate_limited',
  'headers_too_large',
  'internal_error',
  'unavailable',
  'audit_broken',
  'cannot_verify',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** One offending input. Exactly one of pointer (RFC 6901), parameter and header says where it is. */
export type Fault = {
  readonly pointer?: string
  readonly parameter?: string
  readonly header?: string
  readonly code: ErrorCode
  /** Public text: what is wrong with this input and what to do. */
  readonly detail: string
  readonly suggestion?: string
}

type AppErrorOptions = {
  readonly faults?: readonly Fault[]
  /** Whole seconds after which the same request may succeed. */
  readonly retryAfterSeconds?: number
  /** Header fields of the answer besides; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  /** For the operator's log only. */
  readonly cause?: unknown
}

/** An expected failure. `detail` is public by construction; `cause` never leaves the operator's log. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly detail: string
  readonly faults: readonly Fault[]
  readonly retryAfterSeconds: number | undefined
  readonly headers: Readonly<Record<string, string>> | undefined

  constructor(code: ErrorCode, detail: string, options: AppErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.detail = detail
    this.faults = options.faults ?? []
    this.retryAfterSeconds = options.retryAfterSeconds
    this.headers = options.headers
  }
}

/** Faults that one answer tells: nobody reads more, and the rest shows when these are mended. */
export const FAULTS_MAX = 20

/**
 * The error for one or more offending inputs of a request. Its code is theirs when they agree, else
 * `mixed`, so that a caller can act on the code alone in the common case of a single mistake. Tells FAULTS_MAX
 * of them, and that there are more.
 */
export function inputError(
  faults: readonly Fault[],
  mixed: ErrorCode = 'invalid_body',
  hasMore = faults.length > FAULTS_MAX,
): AppError {
  const told = faults.slice(0, FAULTS_MAX)
  const [first] = told
  if (first === undefined) throw new TypeError('an input error needs at least one fault')
  const code = told.every((fault) => fault.code === first.code) ? first.code : mixed
  return new AppError(code, `${describe(first)}${others(told.length - 1, hasMore)}`, { faults: told })
}

/**
 * Adds a fault to those found so far. Throws the error for all of them as soon as there are more than one answer
 * tells: whatever has a thousand faults is not looked through to the end.
 */
export function noteFault(faults: Fault[], fault: Fault): void {
  faults.push(fault)
  if (faults.length > FAULTS_MAX) throw inputError(faults)
}

function others(count: number, hasMore: boolean): string {
  if (hasMore) return ` (and more than ${count} others; errors has the first ${count + 1})`
  return count === 0 ? '' : ` (and ${count} more; see errors)`
}

function describe(fault: Fault): string {
  const place = fault.pointer ?? fault.parameter ?? fault.header
  const suggestion = fault.suggestion === undefined ? '' : ` Did you mean ${fault.suggestion}?`
  return place === undefined || place === ''
    ? `${fault.detail}${suggestion}`
    : `${place}: ${fault.detail}${suggestion}`
}
