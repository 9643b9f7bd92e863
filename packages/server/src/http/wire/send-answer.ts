import type { ServerResponse } from 'node:http'
import type { Answer, AnswerHeaders } from './answer.ts'

/** A client has so long to take an answer, in milliseconds: the largest, some MB, over 1 Mbit/s. */
const TAKING_MS_MAX = 60_000

/** Calls back once; returns a function that cancels it. */
type After = (ms: number, callback: () => void) => () => void

const afterTime: After = (ms, callback) => {
  const timer = setTimeout(callback, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

/**
 * Sends an answer with the headers that every answer has: one write, so that it goes out in one packet, or one for
 * each of its pieces. Whoever does not take it in time loses the connection. Throws when a header cannot be written;
 * nothing went out then.
 */
export function sendAnswer(
  response: ServerResponse,
  { status, headers, body, onOver }: Answer,
  common: AnswerHeaders,
  after: After = afterTime,
): void {
  const length = body === undefined ? undefined : { 'content-length': lengthOf(body) }
  response.writeHead(status, { ...common, ...headers, ...length })
  if (onOver !== undefined) whenOver(response, onOver)
  if (isPieces(body)) sendPieces(response, body)
  // Node leaves the body out by itself where the method is HEAD.
  else response.end(body)
  // Most answers are with the kernel by now, and nothing is to be watched over.
  if (!response.writableFinished && isHeldUp(response)) {
    whenOver(
      response,
      after(TAKING_MS_MAX, () => response.destroy()),
    )
  }
}

type Body = NonNullable<Answer['body']>

const isPieces = (body: Answer['body']): body is readonly Buffer[] => Array.isArray(body)

function lengthOf(body: Body): number {
  if (!isPieces(body)) return typeof body === 'string' ? Buffer.byteLength(body) : body.length
  return body.reduce((length, piece) => length + piece.length, 0)
}

/** Each piece when the one before it was taken: what is not needed yet is not copied. */
function sendPieces(response: ServerResponse, pieces: readonly Buffer[]): void {
  let next = 0
  const goOn = () => {
    while (next < pieces.length) {
      const isTaken = response.write(pieces[next]!)
      next += 1
      if (!isTaken) {
        response.once('drain', goOn)
        return
      }
    }
    response.end()
  }
  goOn()
}

const isHeldUp = ({ socket }: ServerResponse): boolean => (socket?.writableLength ?? 0) > 0

/** The client may have left before the answer was there: then there is no end to wait for. */
function whenOver(response: ServerResponse, callback: () => void): void {
  if (response.closed || response.destroyed) callback()
  else response.once('close', callback)
}
