import { AppError } from '@latchkey/core/error'

/** The error for a condition (If-Match) that names another version than there is. */
export function versionConflict(
  noun: 'key' | 'user' | 'company',
  { version }: { readonly version: number },
): AppError {
  return new AppError(
    'precondition_failed',
    `The ${noun} is at version "${version}", and If-Match names no such tag: read the ${noun} again, then repeat with its ETag.`,
  )
}
