import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it came in. */
type Received = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What is answered; `hang up`: the connection ends without an answer; `silence`: nothing, ever. */
export type Scripted =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  | 'hang up'
  | 'silence'

export type ScriptedServer = {
  readonly url: string
  readonly received: readonly Received[]
  close(): Promise<void>
}

/** A remote server that answers what the script says, request by request; the last line of it for all that follow. */
export async function startScriptedServer(script: readonly Scripted[]): Promise<ScriptedServer> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method = '', url = '', headers } = request
    received.push({ method, path: url, headers, body })
    const line = script[Math.min(received.length, script.length) - 1] ?? 'silence'
    if (line === 'hang up') return request.socket.destroy()
    if (line === 'silence') return
    const isText = typeof line.body === 'string'
    const type = isText ? 'text/html' : line.status < 400 ? 'application/json' : 'application/problem+json'
    response.writeHead(line.status, { 'content-type': type, ...line.headers })
    response.end(line.status === 204 ? undefined : isText ? line.body : JSON.stringify(line.body ?? {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A refusal as the service writes it. */
export function problem(status: number, code: string, headers: Record<string, string> = {}): Scripted {
  return { status, headers, body: { status, code, detail: `It is ${code}.`, requestId: 'req_1' } }
}
