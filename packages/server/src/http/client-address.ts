import type { IncomingMessage } from 'node:http'
import { type Address, parseAddress } from '@latchkey/core/address'
import { type Allowlist, contains } from '@latchkey/core/allowlist'
import { headerValues } from './raw-headers.ts'

/** A chain longer than this is an attempt to make us work, or a loop. */
const HOPS_MAX = 16

/**
 * The address a request comes from. The socket's peer, unless the peer is a trusted proxy: then
 * X-Forwarded-For is walked from the right and the first hop that is not trusted is the client; if all are,
 * the leftmost. undefined: it cannot be told (a malformed hop, too many of them, no peer).
 */
export function clientAddress(
  request: IncomingMessage,
  trustedProxies: Allowlist | null,
): Address | undefined {
  return isFromTrustedProxy(request, trustedProxies)
    ? forwardedAddress(request, trustedProxies)
    : peerAddress(request)
}

/** The same for a peer that has proven by other means that it may speak for others. */
export function forwardedAddress(
  request: IncomingMessage,
  trustedProxies: Allowlist | null,
): Address | undefined {
  const lines = headerValues(request, 'x-forwarded-for')
  if (lines.length === 0) return peerAddress(request)
  const hops = lines.join(',').split(',', HOPS_MAX + 1)
  if (hops.length > HOPS_MAX) return undefined
  let client: Address | undefined
  for (const hop of hops.reverse()) {
    client = parseAddress(hop.trim())
    if (client === undefined || trustedProxies === null || !contains(trustedProxies, client)) return client
  }
  return client
}

/** Whether the request's peer may speak for others: its X-Forwarded-* headers count. */
export function isFromTrustedProxy(request: IncomingMessage, trustedProxies: Allowlist | null): boolean {
  const peer = peerAddress(request)
  return peer !== undefined && trustedProxies !== null && contains(trustedProxies, peer)
}

function peerAddress(request: IncomingMessage): Address | undefined {
  const text = request.socket.remoteAddress
  if (text === undefined) return undefined
  // The kernel adds a zone to link-local peers (RFC 4007 §11); the address before it is what lists name.
  const [address] = text.split('%', 1)
  return parseAddress(address!)
}
