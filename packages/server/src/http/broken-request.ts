import type { Socket } from 'node:net'
import { AppError } from '@latchkey/core/error'
import { toProblem } from './problem.ts'
import { PROBLEMS } from './problems.ts'

/** Answers what never became a request: bytes that are no HTTP, headers without end, a request that stalls. */
export function answerBroken(error: NodeJS.ErrnoException, socket: Socket, requestId: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const problem = errorFor(error)
  const body = JSON.stringify(toProblem(problem, requestId))
  const { status, title } = PROBLEMS[problem.code]
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nx-request-id: ${requestId}\r\ncache-control: no-store\r\n` +
      `connection: close\r\n\r\n${body}`,
  )
}

function errorFor(error: NodeJS.ErrnoException): AppError {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return new AppError('headers_too_large', 'The request line and headers are larger than 16 KiB.')
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AppError(
      'request_timeout',
      'The request did not arrive in time: send headers within 10 s, all within 15 s.',
    )
  }
  return new AppError('malformed_request', 'The bytes sent are not a valid HTTP/1.1 request.')
}
