import { AppError } from '@latchkey/core/error'
import { compileKey, type KeyRecord } from '@latchkey/core/key-record'
import type { KeyHandle, LoadedKey } from '@latchkey/core/loaded-key'
import type { MaybePromise } from '@latchkey/core/maybe-promise'
import type { VerificationReads } from '../storage/engine.ts'
import { NotAcceptedError } from '../storage/not-accepted.ts'

/** Reads a key from the store and compiles it. Throws AppError `cannot_verify` when the store is silent. */
export function loadKey(reads: VerificationReads, handle: KeyHandle): MaybePromise<LoadedKey | null> {
  try {
    const record = reads.findKey(handle)
    if (!(record instanceof Promise)) return compileFound(record)
    return record.then(compileFound, (error: unknown) => {
      throw cannotVerify(error)
    })
  } catch (error) {
    throw cannotVerify(error)
  }
}

const compileFound = (record: KeyRecord | undefined): LoadedKey | null =>
  record === undefined ? null : compileKey(record)

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
