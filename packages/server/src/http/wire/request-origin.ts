import type { IncomingMessage } from 'node:http'
import { forwardedFirst } from './forwarded.ts'
import type { Incoming } from './incoming.ts'
import { headerValues } from './raw-headers.ts'

/** RFC 3986 §3.2: a registered name, an IPv4 address or a bracketed IPv6 address, and perhaps a port. */
const AUTHORITY = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/

/** A port above 65535 or 999.1.1.1 has the form and is still no place that a link could lead to. */
export function isAuthority(text: string): boolean {
  if (text === lastSound) return true
  const isSound = text.length <= 255 && AUTHORITY.test(text) && URL.canParse(`http://${text}`)
  if (isSound) lastSound = text
  return isSound
}

/** Nearly every request names the same: it is looked at once. */
let lastSound = ''

/**
 * Scheme and authority under which the caller reached the service, for absolute links: what a trusted proxy forwarded,
 * else the request's own Host.
 */
export function requestOrigin({
  raw,
  isFromTrustedProxy,
}: Pick<Incoming, 'raw' | 'isFromTrustedProxy'>): string {
  const own = headerValues(raw, 'host')[0] ?? ownAuthority(raw)
  if (!isFromTrustedProxy) return `http://${own}`
  const host = forwardedFirst(raw, 'x-forwarded-host')
  const isHttps = forwardedFirst(raw, 'x-forwarded-proto')?.toLowerCase() === 'https'
  return `${isHttps ? 'https' : 'http'}://${host !== undefined && isAuthority(host) ? host : own}`
}

/** HTTP/1.0 sends no Host. */
function ownAuthority({ socket }: IncomingMessage): string {
  const { localAddress = '127.0.0.1', localPort = 80 } = socket
  return localAddress.includes(':') ? `[${localAddress}]:${localPort}` : `${localAddress}:${localPort}`
}
