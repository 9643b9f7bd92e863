import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A way to the service, as a proxy is that loses what it was asked. */
type Way = {
  readonly url: string
  /** What is asked from now on is never answered, and its connection stays open. */
  lose(): void
  /** What is asked from now on is answered. */
  carry(): void
  close(): Promise<void>
}

export async function openWay(serviceUrl: string): Promise<Way> {
  let isLost = false
  const server = createServer(async (request, response) => {
    const body = await text(request)
    if (isLost) return
    const { method = 'GET', url = '', headers } = request
    const answer = await fetch(serviceUrl + url, {
      method,
      headers: { 'content-type': 'application/json', 'x-api-key': String(headers['x-api-key']) },
      body,
    })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    response.end(await answer.text())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lose() {
      isLost = true
    },
    carry() {
      isLost = false
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
