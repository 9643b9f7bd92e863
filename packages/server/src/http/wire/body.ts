import type { IncomingMessage } from 'node:http'
import { BODY_BYTES_MAX, shownBytes } from '@latchkey/contract/operations/operation'
import { AppError } from '@latchkey/core/error'
import { parseJson, parseJsonInSteps } from '@latchkey/core/json-text'
import { paced } from '@latchkey/core/steps'
import { createGathering } from './gathering.ts'
import { type MediaType, parseMediaType } from './media-type.ts'
import { headerValues, singleHeader } from './raw-headers.ts'

/** A body that is not longer is parsed in less time than a turn takes. */
const LONG_BYTES = 1024

/** A body as it came and as it was understood. */
export type JsonBody = { readonly bytes: Buffer; readonly value: unknown }

/**
 * The room for a body. `hold` is called with the bytes beyond the usual as they come; it throws when there is no room.
 */
export type BodyRoom = { readonly bytesMax: number; hold(bytes: number): void }

export const USUAL_ROOM: BodyRoom = { bytesMax: BODY_BYTES_MAX, hold() {} }

/** What long work waits for between its pieces. */
type Turning = {
  /** Until others had their turn. */
  readonly takeTurn: () => Promise<void>
  /** The same, but only when much was done since the last turn. */
  readonly pace: () => Promise<void>
}

/**
 * Reads a JSON body; a long one is parsed in pieces. Throws AppError `unsupported_media_type`, `payload_too_large`,
 * `malformed_json`, `invalid_body`.
 */
export async function readJsonBody(
  request: IncomingMessage,
  room: BodyRoom,
  { takeTurn, pace }: Turning,
): Promise<JsonBody> {
  assertJson(request)
  const bytes = await readBytes(request, room, takeTurn)
  if (!isLong(bytes)) return { bytes, value: parseJson(bytes) }
  await takeTurn()
  return { bytes, value: await paced(parseJsonInSteps(bytes), pace) }
}

/**
 * Whether all of a short body is here already, as it mostly is: it came in one packet with its headers. Then nothing has
 * to be waited for, and `takeJsonBody` answers at once.
 */
export function hasArrived(request: IncomingMessage): boolean {
  const { readableLength } = request
  if (readableLength === 0 || readableLength > LONG_BYTES || request.readableFlowing !== null) return false
  return headerValues(request, 'content-length')[0] === String(readableLength)
}

/** A JSON body that has arrived. Throws as `readJsonBody`. */
export function takeJsonBody(request: IncomingMessage): JsonBody {
  assertJson(request)
  assertPlain(request)
  const bytes = request.read() as Buffer
  // Its end is to be read too.
  request.resume()
  return { bytes, value: parseJson(bytes) }
}

/** Whether a body is so long that parsing it takes turns of its own. */
export const isLong = ({ length }: { readonly length: number }): boolean => length > LONG_BYTES

/** Whether a body may be larger than usual: its length says so, or is not known. */
export function mayBeLarge(request: IncomingMessage): boolean {
  const [declared] = headerValues(request, 'content-length')
  return declared === undefined || Number(declared) > BODY_BYTES_MAX
}

/**
 * Reads a whole body. What is beyond the usual is read in pieces, one whenever `takeTurn` resolves; until then it stays
 * with the sender. Throws AppError `unsupported_media_type` when it is compressed, `payload_too_large`,
 * `malformed_request` when it breaks off.
 */
export async function readBytes(
  request: IncomingMessage,
  room = USUAL_ROOM,
  takeTurn: () => Promise<void> = async () => {},
): Promise<Buffer> {
  const { bytesMax } = room
  assertPlain(request)
  const [declared] = headerValues(request, 'content-length')
  if (declared !== undefined && Number(declared) > bytesMax) throw tooLarge(bytesMax)
  return new Promise((resolve, reject) => {
    const body = createGathering(bytesMax)
    let size = 0
    const fail = (error: unknown) => {
      request.off('data', take)
      reject(isBrokenOff(error) ? new AppError('malformed_request', 'The body broke off.') : error)
    }
    const take = (chunk: Buffer) => {
      const before = size
      size += chunk.length
      if (size > bytesMax) return fail(tooLarge(bytesMax))
      try {
        if (size > BODY_BYTES_MAX) room.hold(size - Math.max(before, BODY_BYTES_MAX))
      } catch (error) {
        return fail(error)
      }
      body.add(chunk)
      if (size <= BODY_BYTES_MAX) return
      request.pause()
      takeTurn().then(() => request.resume(), fail)
    }
    request.on('data', take)
    request.once('error', fail)
    // Closed before its end: the client left. An error costs more than all the rest here: none is made for nothing.
    request.once('close', () => {
      if (!request.readableEnded) fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    })
    request.once('end', () => resolve(body.bytes()))
  })
}

/** The client left, or sent bytes that are no body: no failure of ours, and not reported as one. */
const isBrokenOff = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ECONNRESET'

/** RFC 8259 §8.1: JSON is UTF-8; a charset parameter may only say so. */
function assertJson(request: IncomingMessage): void {
  const header = singleHeader(request, 'Content-Type')
  if (header === 'application/json') return
  const { type, charset } = header === undefined ? NOTHING : parseMediaType(header)
  if (type === 'application/json' && charset === 'utf-8') return
  throw new AppError(
    'unsupported_media_type',
    `The body must be declared as application/json; ${sentInstead(header, { type, charset })}. With curl add: ` +
      "-H 'Content-Type: application/json'",
  )
}

const NOTHING: MediaType = { type: '', charset: 'utf-8' }

/** Repeated only where it has the form of a media type or a charset: a caller may have pasted something else. */
export function sentInstead(header: string | undefined, { type, charset }: MediaType): string {
  if (header === undefined) return 'Content-Type is missing'
  if (!/^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(type)) return 'Content-Type names no media type'
  if (charset === 'utf-8') return `got ${type}`
  const name = /^[\w.:-]{1,30}$/.test(charset.other) ? charset.other : 'another charset'
  return `got ${type} in ${name}, and it is UTF-8 always: leave charset out`
}

/** Refuses a compressed body: a few bytes could become gigabytes. Throws AppError `unsupported_media_type`. */
function assertPlain(request: IncomingMessage): void {
  const lines = [...headerValues(request, 'content-encoding'), ...headerValues(request, 'transfer-encoding')]
  if (lines.length === 0) return
  const codings = lines.flatMap((line) => line.toLowerCase().split(',')).map((coding) => coding.trim())
  const packed = codings.find((coding) => !['', 'identity', 'chunked'].includes(coding))
  if (packed === undefined) return
  const name = /^[\w.-]{1,30}$/.test(packed) ? packed : 'an unknown coding'
  throw new AppError(
    'unsupported_media_type',
    `The body is declared as packed (${name}): send it as it is, without Content-Encoding.`,
  )
}

function tooLarge(bytesMax: number): AppError {
  return new AppError(
    'payload_too_large',
    `The body is larger than ${shownBytes(bytesMax)}, the most this operation takes: send less, or in several requests.`,
  )
}
