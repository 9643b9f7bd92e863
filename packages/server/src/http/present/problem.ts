import type { Problem } from '@latchkey/contract/schemas/problem'
import { AppError } from '@latchkey/core/error'
import { scrubSecrets } from '@latchkey/core/scrub-secrets'
import type { AnswerHeaders, TextAnswer } from '../wire/answer.ts'
import { PROBLEMS } from './problems.ts'

const INTERNAL = new AppError(
  'internal_error',
  'The service failed. Nothing was changed. Report the request id.',
)

/** The part of a thrown error that may be shown. What is no AppError is a bug, and nothing of it is shown. */
export function publicError(error: unknown): AppError {
  return error instanceof AppError ? error : INTERNAL
}

/**
 * The HTTP status of an error. A code for something not found is a 404 for what the path names, and a 400
 * where the body or a parameter named it.
 */
export function statusOf(error: AppError): number {
  const { status } = PROBLEMS[error.code]
  return status === 404 && error.faults.length > 0 ? 400 : status
}

/** The problem document (RFC 9457) of an error. */
function toProblem(error: AppError, requestId: string): Problem {
  return {
    type: `/errors/${error.code}`,
    title: PROBLEMS[error.code].title,
    status: statusOf(error),
    detail: error.detail,
    message: error.detail,
    code: error.code,
    requestId,
    ...(error.faults.length === 0 ? {} : { errors: error.faults.map((fault) => ({ ...fault })) }),
  }
}

/**
 * The answer to an error. `status`: what the status line says, where a gateway would not understand the problem's
 * own; `headers`: besides those that the error asks for.
 */
export function problemAnswer(
  error: AppError,
  requestId: string,
  besides: { readonly status?: number; readonly headers?: AnswerHeaders } = {},
): TextAnswer {
  const status = statusOf(error)
  return {
    status: besides.status ?? status,
    headers: {
      ...besides.headers,
      ...error.headers,
      ...(status === 401 ? { 'www-authenticate': challenge(error) } : {}),
      ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': error.retryAfterSeconds }),
      // The rest of such a body is not waited for.
      ...(error.code === 'payload_too_large' ? { connection: 'close' } : {}),
      'content-type': 'application/problem+json; charset=utf-8',
    },
    // A caller may have pasted a secret where a name or a value is repeated back.
    body: scrubSecrets(JSON.stringify(toProblem(error, requestId))),
    code: error.code,
  }
}

/** RFC 6750 §3: no error code when the request carried no credential. */
function challenge(error: AppError): string {
  const realm = 'Bearer realm="latchkey"'
  if (error.code === 'missing_credentials') return realm
  // RFC 6750 §3: no other characters; and a header can hold no others.
  const description = error.detail.replace(/["\\’]/g, "'").replace(/[^\x20-\x7e]/g, '?')
  return `${realm}, error="invalid_token", error_description="${description}"`
}
