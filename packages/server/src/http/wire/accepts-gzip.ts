import type { IncomingMessage } from 'node:http'
import { headerValues } from './raw-headers.ts'

/** Whether the client says that it takes gzip; a weight of zero says that it does not (RFC 9110 §12.5.3). */
export function acceptsGzip(request: IncomingMessage): boolean {
  return headerValues(request, 'accept-encoding')
    .flatMap((line) => line.toLowerCase().split(','))
    .some((coding) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/.test(coding))
}
