import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { formatAddress } from '@latchkey/core/address'
import { AppError } from '@latchkey/core/error'
import { parsePeer } from '@latchkey/core/forwarded-address'
import type { Services } from '../services.ts'
import { gatewayRefusal } from './gateway/gateway-answer.ts'
import { problemAnswer } from './present/problem.ts'
import type { TextAnswer } from './wire/answer.ts'
import { underBasePath } from './wire/base-path.ts'

/** Node's error of a request that it could not parse; `rawPacket`: what it was reading. */
export type BrokenRequest = NodeJS.ErrnoException & { readonly rawPacket?: Buffer }

type BrokenDeps = Pick<Services, 'config' | 'events' | 'metrics'> & {
  readonly newRequestId: () => string
  readonly basePath: string
  /** The connections on which a gateway has asked. */
  readonly gatewayConnections: WeakSet<Socket>
}

/**
 * Read and thrown away behind what was refused. Closing at once would reset a connection that is still written to,
 * and the answer would be lost on the way.
 */
const DISCARDED_BYTES_MAX = 1_048_576

/** Answers what never became a request: bytes that are no HTTP, headers without end, a request that stalls. */
export function createBrokenAnswers(deps: BrokenDeps): (error: BrokenRequest, socket: Socket) => void {
  const endsAt = new WeakMap<Socket, number>()
  return (error, socket) => {
    const end = endsAt.get(socket)
    const isDiscarding = end !== undefined && error.rawPacket !== undefined && socket.bytesRead <= end
    if (isDiscarding) return
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    endsAt.set(socket, socket.bytesRead + DISCARDED_BYTES_MAX)
    const requestId = deps.newRequestId()
    const problem = errorFor(error, deps.config.headerBytesMax)
    const isOfGateway = isForGateway(error.rawPacket) ?? deps.gatewayConnections.has(socket)
    const answer = isOfGateway
      ? gatewayRefusal('plain', problem, requestId)
      : problemAnswer(problem, requestId)
    socket.end(written(underBasePath(answer, deps.basePath), requestId))
    note(deps, { requestId, answer, peer: socket.remoteAddress })
  }
}

type Answered = { readonly requestId: string; readonly answer: TextAnswer; readonly peer: string | undefined }

/** Counted and logged as every answer, by what is known: neither its method nor when it began. */
function note({ config, events, metrics }: BrokenDeps, { requestId, answer, peer }: Answered): void {
  const { status, code } = answer
  metrics.requestAnswered('none', status, 0)
  if (!events.areRequestsLogged) return
  // Behind a proxy the client is named by headers that nobody could read.
  const address = config.trustedProxies === null && peer !== undefined ? parsePeer(peer) : undefined
  events.requestAnswered({
    requestId,
    method: '',
    operation: 'none',
    status,
    code: code ?? null,
    durationMs: 0,
    address: address === undefined ? null : formatAddress(address),
    principalId: null,
  })
}

function errorFor(error: BrokenRequest, headerBytesMax: number): AppError {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return new AppError(
      'headers_too_large',
      `The request line and headers are larger than ${headerBytesMax} bytes. Behind a gateway: let it pass on few headers (no cookies), or raise LATCHKEY_HEADER_BYTES.`,
    )
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AppError(
      'request_timeout',
      'The request did not arrive in time: send headers within 10 s, all within 15 s.',
    )
  }
  if (isProxyProtocol(error.rawPacket)) {
    return new AppError(
      'malformed_request',
      'The connection begins with the PROXY protocol, which is not read here: switch it off in the proxy or ' +
        'balancer, and let that send X-Forwarded-For.',
    )
  }
  return new AppError('malformed_request', 'The bytes sent are not a valid HTTP/1.1 request.')
}

/** Balancers are set to it on one side only: from then on no request comes through, and nothing else says why. */
const isProxyProtocol = (packet: Buffer | undefined): boolean =>
  packet !== undefined && /^(?:PROXY |\r\n\r\n\0\r\nQUIT\n)/.test(packet.toString('latin1', 0, 12))

/**
 * Whether a gateway asked, which must understand the answer. undefined: the request began in an earlier packet,
 * which nobody has kept.
 */
function isForGateway(packet: Buffer | undefined): boolean | undefined {
  const line = /^(?:\r\n)*[A-Z-]+ ([^ ]*)/.exec(packet?.toString('latin1', 0, START_LENGTH) ?? '')
  return line === null ? undefined : /^(?:https?:\/\/[^/]*)?\/gateway\//i.test(line[1]!)
}

/** A method and the begin of a path. */
const START_LENGTH = 256

/** An answer as bytes: there is no response to send it with. */
function written({ status, headers, body }: TextAnswer, requestId: string): string {
  const all = {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    'cache-control': 'no-store',
    connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`
}
