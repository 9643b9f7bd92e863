import type { IncomingMessage } from 'node:http'
import { AppError } from '@latchkey/core/error'
import { parseJson } from '@latchkey/core/json-text'
import { headerValues } from './raw-headers.ts'

const BODY_BYTES_MAX = 64 * 1024

/** A body as it came and as it was understood. */
export type JsonBody = { readonly bytes: Buffer; readonly value: unknown }

/** Reads a JSON body. Throws AppError `unsupported_media_type`, `payload_too_large`, `malformed_json`, `invalid_body`. */
export async function readJsonBody(request: IncomingMessage): Promise<JsonBody> {
  assertJson(headerValues(request, 'content-type')[0])
  const bytes = await readBytes(request)
  return { bytes, value: parseJson(bytes) }
}

/** Reads a body whole. Throws AppError `payload_too_large`, `malformed_request` when it breaks off. */
export async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const [declared] = headerValues(request, 'content-length')
  if (declared !== undefined && Number(declared) > BODY_BYTES_MAX) throw tooLarge()
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const fail = (error: unknown) => {
      request.off('data', take)
      reject(isBrokenOff(error) ? new AppError('malformed_request', 'The body broke off.') : error)
    }
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size > BODY_BYTES_MAX) fail(tooLarge())
      else chunks.push(chunk)
    }
    request.on('data', take)
    request.once('error', fail)
    // Closed before its end: the client left. An error costs more than all the rest here: none is made for nothing.
    request.once('close', () => {
      if (!request.readableEnded) fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    })
    request.once('end', () => {
      const [only] = chunks
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size))
    })
  })
}

/** The client left, or sent bytes that are no body: its affair, and nothing to report as a failure of ours. */
const isBrokenOff = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ECONNRESET'

/** RFC 8259 §8.1: JSON is UTF-8; a charset parameter may only say so. */
function assertJson(contentType: string | undefined): void {
  if (contentType !== undefined && /^application\/json *(; *charset="?utf-8"? *)?$/i.test(contentType)) return
  // Repeated only when it is a media type: a caller may have pasted something else.
  const [type] = /^[\w.+-]{1,60}\/[\w.+-]{1,60}(?=[ ;]|$)/.exec(contentType ?? '') ?? []
  const sent =
    contentType === undefined ? 'none was sent' : type === undefined ? 'got no media type' : `got ${type}`
  throw new AppError(
    'unsupported_media_type',
    `The body must be declared as application/json; ${sent}. With curl add: -H 'Content-Type: application/json'`,
  )
}

function tooLarge(): AppError {
  return new AppError('payload_too_large', `The body is larger than ${BODY_BYTES_MAX / 1024} KiB.`)
}
