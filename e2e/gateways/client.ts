import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

export type ClientRequest = {
  readonly method?: string
  readonly path?: string
  /** Header lines beside Host: name, value, name, value. */
  readonly headers?: readonly string[]
  /** Bytes go with a Content-Length, a stream goes in chunks. */
  readonly body?: Buffer | Readable
  /** Lines behind a body in chunks. */
  readonly trailers?: Readonly<Record<string, string>>
  /** Which address of this machine the client has. */
  readonly from?: string
  /** Connections to use again. */
  readonly agent?: Agent
}

export type ClientAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** One request of a client to the gateway. Nothing is added to it but Host and how its body is framed. */
export function sendTo(port: number, request: ClientRequest): Promise<ClientAnswer> {
  const {
    method = 'GET',
    path = '/orders',
    headers = [],
    body,
    trailers,
    from = '127.0.0.2',
    agent = false,
  } = request
  const framing =
    body === undefined
      ? []
      : Buffer.isBuffer(body)
        ? ['Content-Length', String(body.length)]
        : ['Transfer-Encoding', 'chunked']
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        localAddress: from,
        agent,
        headers: ['Host', 'api.example.com', ...headers, ...framing],
      },
      (answer) => {
        text(answer).then(
          (received) => resolve({ status: answer.statusCode!, headers: answer.headers, text: received }),
          reject,
        )
      },
    )
    sent.on('error', reject)
    if (trailers !== undefined) sent.addTrailers(trailers)
    if (body === undefined || Buffer.isBuffer(body)) sent.end(body)
    else pipeline(body, sent).catch(reject)
  })
}

/** One connection that every request waits for. */
export const oneConnection = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 })

/** Asks for a tunnel, and sends `next` behind it as soon as there is an answer. Answers all that came back. */
export async function connectThrough(
  port: number,
  headers: readonly string[],
  next: string,
): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' })
  const lines = ['CONNECT api.example.com:80 HTTP/1.1', 'Host: api.example.com:80']
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  socket.once('data', () => socket.write(next))
  return text(socket)
}

/** One request behind a line of the PROXY protocol; answers the status. */
export async function sendBehindLine(
  port: number,
  line: string,
  { from, headers }: Required<Pick<ClientRequest, 'from' | 'headers'>>,
): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from })
  const lines = [line, 'GET /orders HTTP/1.1', 'Host: api.example.com']
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const [first] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return Number(/^HTTP\/1\.\d (\d+)/.exec(String(first))?.[1])
}

/** Asks for an upgrade, and answers the status and, once upgraded, what `message` came back as. */
export function upgradeTo(
  port: number,
  headers: readonly string[],
  message: string,
): Promise<{ readonly status: number; readonly echo: string }> {
  return new Promise((resolve, reject) => {
    const key = randomBytes(16).toString('base64')
    const upgrade = ['Host', 'api.example.com', 'Connection', 'Upgrade', 'Upgrade', 'websocket']
    const webSocket = ['Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', key]
    const sent = httpRequest({
      host: '127.0.0.1',
      port,
      path: '/orders/live',
      localAddress: '127.0.0.2',
      agent: false,
      headers: [...upgrade, ...webSocket, ...headers],
    })
    sent.on('response', (answer) => {
      answer.resume()
      resolve({ status: answer.statusCode!, echo: '' })
    })
    sent.on('upgrade', (answer, socket, head) => {
      let echo = String(head)
      socket.on('data', (chunk: Buffer) => {
        echo += String(chunk)
        if (echo.length < message.length) return
        socket.destroy()
        resolve({ status: answer.statusCode!, echo })
      })
      socket.on('error', reject)
      socket.write(message)
    })
    sent.on('error', reject)
    sent.end()
  })
}
