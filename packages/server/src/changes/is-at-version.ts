import { AppError } from '@latchkey/core/error'

/** What a condition on another version of something is told (If-Match). */
export function isAtVersion(
  noun: 'key' | 'user' | 'company',
  { version }: { readonly version: number },
): AppError {
  return new AppError(
    'precondition_failed',
    `The ${noun} is at version "${version}", and If-Match names no such tag: read the ${noun} again, then repeat with its ETag.`,
  )
}
