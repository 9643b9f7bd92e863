import { AppError } from '@latchkey/core/error'
import { WriteConflict } from '../engine.ts'

/** Classes and codes of PostgreSQL, Appendix A. */
const UNIQUE_VIOLATION = '23505'
const NOT_NULL_VIOLATION = '23502'
const SERIALIZATION_FAILURE = '40001'
const DEADLOCK = '40P01'
const RETRIED = new Set([UNIQUE_VIOLATION, SERIALIZATION_FAILURE, DEADLOCK])
/** Connection exceptions, lack of resources, operator intervention, system errors. */
const UNAVAILABLE_CLASSES = new Set(['08', '53', '57', '58'])
const INSUFFICIENT_PRIVILEGE = '42501'
/** No lock in time; a transaction that stood idle; a standby; a server that is starting. */
const IDLE_IN_TRANSACTION = '25P03'
const UNAVAILABLE_CODES = new Set(['55P03', IDLE_IN_TRANSACTION, '25P04', '25006'])
const SOCKET_CODES = /^E[A-Z]+$/
/** A prepared statement is not there, or is there already: the session was moved by a pooler. */
const MOVED_CODES = new Set(['26000', '42P05'])

/** What was asked in one process of the database was answered by another: a pooler shares them. */
export class SessionMovedError extends Error {
  constructor() {
    super(
      'the session was moved to another process of the database: the pooler is not in session mode any more',
    )
  }
}

/** It is stored, and the standby that had to have it as well may not: somebody ended the wait for it. */
export class UnreplicatedError extends Error {
  constructor() {
    super('the wait for the standby was ended: what was stored may be lost with a failover')
  }
}

export const isSessionMoved = (error: unknown): boolean =>
  error instanceof SessionMovedError || MOVED_CODES.has(codeOf(error) ?? '')

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

export function isRetried(error: unknown): boolean {
  return error instanceof WriteConflict || RETRIED.has(codeOf(error) ?? '')
}

/** The database ended a transaction that stood idle, before it heard what came next. */
export const isEndedIdle = (error: unknown): boolean => codeOf(error) === IDLE_IN_TRANSACTION

/** A value that has to be there was not. */
export const isValueMissing = (error: unknown): boolean => codeOf(error) === NOT_NULL_VIOLATION

/** The role may not do what was asked of the database. */
export const isRightMissing = (error: unknown): error is Error => codeOf(error) === INSUFFICIENT_PRIVILEGE

/** Ended by an operator or by a server that stops. */
const ENDED_CODES = new Set(['57P01', '57P02', 'ECONNRESET', 'EPIPE'])

/** The connection was lost, perhaps long before it was used again. The driver's own errors for it carry no code. */
export function isConnectionLost(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== undefined) return ENDED_CODES.has(code)
  return error instanceof Error && /connection (terminated|error)/i.test(error.message)
}

/** The database could not be asked, or could not answer: an expected failure that passes. */
export function isUnavailable(error: unknown): boolean {
  if (isSessionMoved(error) || error instanceof UnreplicatedError) return true
  const code = codeOf(error)
  if (code !== undefined) {
    return UNAVAILABLE_CODES.has(code) || UNAVAILABLE_CLASSES.has(code.slice(0, 2)) || SOCKET_CODES.test(code)
  }
  // The driver's own errors carry no code: a connection that ended or was not to be had in time.
  return error instanceof Error && /connection|timeout|client was closed/i.test(error.message)
}

/** A database that cannot answer now is an expected failure; everything else is passed on as it is. */
export function explainPostgres(error: unknown, detail: string): unknown {
  if (!isUnavailable(error) && !isRetried(error)) return error
  return new AppError('unavailable', detail, { retryAfterSeconds: 1, cause: error })
}
