import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Listens on a free port and tells it to whoever started this process. */
export function announce(server: Server): void {
  server.keepAliveTimeout = 65_000
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`)
  })
  process.once('SIGTERM', () => process.exit(0))
}
