import { ApiError, ConnectionError } from './errors.ts'

const FIRST_PAUSE_MS = 250
const PAUSE_MS_MAX = 4_000
/** Whoever says more than that is not waited for. */
const RETRY_AFTER_SECONDS_MAX = 30

/** The service did not do what was asked. */
const NOT_DONE = [408, 429, 503]
/** Something between did not hear from the service: it may have done it. */
const UNHEARD = [502, 504]

/**
 * How long to wait before a call is tried again, in milliseconds; undefined: it is not. `isRepeatable`: doing it twice is
 * as good as once, so that it may be tried again where nobody knows whether it was done.
 */
export function pauseBefore(error: unknown, retry: number, isRepeatable: boolean): number | undefined {
  if (error instanceof ConnectionError) return isRepeatable ? jittered(retry) : undefined
  if (!(error instanceof ApiError)) return undefined
  const mayRetry =
    NOT_DONE.includes(error.status) ||
    (UNHEARD.includes(error.status) && isRepeatable) ||
    error.code === 'idempotency_in_progress'
  const { retryAfterSeconds = 0 } = error
  if (!mayRetry || retryAfterSeconds > RETRY_AFTER_SECONDS_MAX) return undefined
  return Math.max(retryAfterSeconds * 1_000, jittered(retry))
}

/** Full jitter: those who failed together do not come back together. */
const jittered = (retry: number) => Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** retry, PAUSE_MS_MAX)

/** What an error says. Read without `instanceof`: under Jest, fetch is of another realm, and its errors are too. */
type Saying = { readonly message?: string; readonly code?: string }

export const sayingOf = (error: unknown): Saying => error ?? {}

/** What is behind an error; undefined: nothing. */
export const causeOf = (error: unknown): Saying | undefined =>
  (error as { cause?: Saying } | undefined)?.cause

/** Closed by the other side before a byte of an answer, as the fetch of Node, of Bun and of Deno say it. */
export function isStale(error: unknown): boolean {
  return error instanceof ConnectionError && [error.cause, causeOf(error.cause)].some(saysStale)
}

const STALE: readonly unknown[] = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']
/** Deno has no codes. */
const STALE_IN_DENO = /connection closed before message completed|connection reset/i

function saysStale(error: unknown): boolean {
  const { code, message } = sayingOf(error)
  return STALE.includes(code) || STALE_IN_DENO.test(message ?? '')
}
