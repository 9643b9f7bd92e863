import type { IncomingMessage } from 'node:http'
import { headerValues } from './raw-headers.ts'

/**
 * What the first proxy saw, the one that the caller reached: each adds its own behind it, in the same line or in a
 * line of its own. Only of a peer that may speak for others. undefined: none says anything.
 */
export function forwardedFirst(
  request: IncomingMessage,
  name: 'x-forwarded-proto' | 'x-forwarded-host',
): string | undefined {
  return headerValues(request, name)
    .flatMap((line) => line.split(','))
    .map((part) => part.trim())
    .find((part) => part !== '')
}
