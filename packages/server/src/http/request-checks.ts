import type { IncomingMessage } from 'node:http'
import { AppError } from '@latchkey/core/error'
import Negotiator from 'negotiator'
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

/** Throws AppError `not_acceptable` when the caller excludes JSON. */
export function checkAccept(request: IncomingMessage): void {
  const accept = headerValues(request, 'accept').join(', ')
  if (accept === '' || accept === '*/*') return
  const isJsonWanted =
    new Negotiator({ headers: { accept } }).mediaType(['application/json', 'application/problem+json']) !==
    undefined
  if (!isJsonWanted) {
    throw new AppError(
      'not_acceptable',
      'The API answers application/json: send that in Accept, or leave it out.',
    )
  }
}
