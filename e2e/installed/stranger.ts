import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What answers in place of the service, in its own way under each path. */
type Stranger = { readonly url: string; close(): Promise<void> }

/** Under /silent nothing; under /hangs-up `body`, but nothing the first time; under /redirects another address. */
export async function startStranger(body: object, elsewhere: string): Promise<Stranger> {
  let hasHungUp = false
  const server = createServer(({ url = '', socket }, response) => {
    if (url.startsWith('/silent/')) return
    if (url.startsWith('/redirects/')) {
      response.writeHead(302, { location: `${elsewhere}${url.replace('/redirects', '')}` }).end()
    } else if (hasHungUp) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    } else {
      hasHungUp = true
      socket.destroy()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
