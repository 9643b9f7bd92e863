import { AppError } from '@latchkey/core/error'
import type { KeyHandle, LoadedKey } from '@latchkey/core/key-cache'
import type { MaybePromise } from '@latchkey/core/maybe-promise'
import type { VerifiableRow, VerificationReads } from '../storage/engine.ts'
import { NotAcceptedError } from '../storage/not-accepted.ts'
import { compileKey } from './compile-key.ts'

/** Reads a key from the store and compiles it. Throws AppError `cannot_verify` when the store is silent. */
export function loadKey(reads: VerificationReads, handle: KeyHandle): MaybePromise<LoadedKey | null> {
  try {
    const row = reads.findKey(handle)
    if (!(row instanceof Promise)) return compileFound(row)
    return row.then(compileFound, (error: unknown) => {
      throw cannotVerify(error)
    })
  } catch (error) {
    throw cannotVerify(error)
  }
}

const compileFound = (row: VerifiableRow | undefined): LoadedKey | null =>
  row === undefined ? null : compileKey(row)

export function cannotVerify(cause: unknown): AppError {
  if (cause instanceof NotAcceptedError) {
    const { detail, retryAfterSeconds = 0 } = cause
    return new AppError('cannot_verify', detail, { retryAfterSeconds })
  }
  return new AppError(
    'cannot_verify',
    'Whether the key is valid cannot be told now: try again in a moment.',
    {
      retryAfterSeconds: 1,
      cause,
    },
  )
}
