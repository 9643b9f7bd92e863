import type { IncomingMessage } from 'node:http'
import { AppError } from '@latchkey/core/error'
import { acceptsJson } from './media-type.ts'
import { headerValues } from './raw-headers.ts'
import { isAuthority } from './request-origin.ts'

/** Far more than any client sends. Node is set to read one more, so that a cut-off list is seen. */
export const HEADERS_MAX = 64

/** What is wrong with a request, whatever it asks for; undefined: nothing. */
export function findFault(request: IncomingMessage): AppError | undefined {
  if (request.rawHeaders.length / 2 > HEADERS_MAX) {
    return new AppError('headers_too_large', `The request has more than ${HEADERS_MAX} headers.`)
  }
  const hosts = headerValues(request, 'host')
  const isHostMissing = hosts.length === 0 && request.httpVersion !== '1.0'
  if (!isHostMissing && hosts.length <= 1 && hosts.every(isAuthority)) return undefined
  return new AppError(
    'malformed_request',
    'The request must have exactly one Host header, a name or address.',
  )
}

/** A proxy in front may take a target with a fragment for another path than we. */
export function findFragment(url: string): AppError | undefined {
  if (!url.includes('#')) return undefined
  return new AppError(
    'malformed_request',
    'The URL holds a #, which is never sent: write %23 for the sign itself.',
  )
}

/** Throws AppError `not_acceptable` when the caller excludes JSON. */
export function checkAccept(request: IncomingMessage): void {
  if (acceptsJson(headerValues(request, 'accept').join(', '))) return
  throw new AppError(
    'not_acceptable',
    'The API answers application/json, and Accept leaves no room for it: add application/json, or leave Accept out.',
  )
}
