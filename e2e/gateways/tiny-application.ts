import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What reached the application. */
export type Arrival = {
  readonly method: string
  readonly url: string
  /** Every header line, names in lower case, in order; and every trailer, which some applications take for one. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly bytes: number
  readonly sha256: string
}

export type TinyApplication = {
  readonly port: number
  readonly arrivals: Arrival[]
  stop(): Promise<void>
}

/**
 * An application that trusts its gateway: it answers 200 with what reached it, and echoes what it is sent after an
 * upgrade. To CONNECT it says yes, and takes what comes next for one request more, whatever it is.
 */
export async function startTinyApplication(): Promise<TinyApplication> {
  const arrivals: Arrival[] = []
  const server = createServer(async (request, response) => {
    const arrival = await read(request)
    arrivals.push(arrival)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(arrival))
  })
  server.on('upgrade', (request, socket) => {
    arrivals.push({ ...describe(request), bytes: 0, sha256: '' })
    const lines = ['Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Accept: ${accepted(request)}`]
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
    socket.pipe(socket)
    socket.on('error', () => socket.destroy())
  })
  server.on('connect', (request, socket) => {
    arrivals.push({ ...describe(request), bytes: 0, sha256: '' })
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    socket.once('data', (data) => {
      arrivals.push({ method: 'behind CONNECT', url: String(data), headers: [], bytes: 0, sha256: '' })
      socket.end()
    })
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    arrivals,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** The proof that an upgrade was understood (RFC 6455 §4.2.2). */
function accepted({ headers }: IncomingMessage): string {
  const text = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  return createHash('sha1').update(text).digest('base64')
}

async function read(request: IncomingMessage): Promise<Arrival> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of request) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { ...describe(request), bytes, sha256: hash.digest('hex') }
}

function describe({ method = '', url = '', rawHeaders, rawTrailers }: IncomingMessage) {
  const lines = [...rawHeaders, ...rawTrailers]
  const headers: [string, string][] = []
  for (let index = 0; index < lines.length; index += 2) {
    headers.push([lines[index]!.toLowerCase(), lines[index + 1]!])
  }
  return { method, url, headers }
}
