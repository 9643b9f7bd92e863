import { request } from 'node:http'
import type { Config } from '../config.ts'

const TIMEOUT_MS = 2_000

/** What answers where the service would listen, and under which address it sees this machine. */
export type ProbeAnswer =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'other' }
  | { readonly kind: 'ours'; readonly seenAddress: string | undefined }

/** Asks HOST:PORT whether it is this service. */
export function probe({ host, port }: Pick<Config, 'host' | 'port'>): Promise<ProbeAnswer> {
  if (port === 0) return Promise.resolve({ kind: 'nobody' })
  return new Promise((resolve) => {
    const sent = request(
      {
        host: reachable(host),
        port,
        path: '/healthz',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        agent: false,
      },
      (answer) => {
        const isOurs = answer.statusCode === 200 && /^req_/.test(String(answer.headers['x-request-id']))
        const seenAddress = answer.socket.localAddress
        answer.destroy()
        resolve(isOurs ? { kind: 'ours', seenAddress } : { kind: 'other' })
      },
    )
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // Anything but a refusal means that somebody took the connection, or swallowed it.
      const isNobody = ['ECONNREFUSED', 'ENOTFOUND', 'EADDRNOTAVAIL', 'ENETUNREACH'].includes(
        error.code ?? '',
      )
      resolve({ kind: isNobody ? 'nobody' : 'other' })
    })
    sent.end()
  })
}

/** An address to reach a listener on every interface by. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}
