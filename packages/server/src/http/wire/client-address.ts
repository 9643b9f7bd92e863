import type { IncomingMessage } from 'node:http'
import { type Address, parseAddress } from '@latchkey/core/address'
import { type Allowlist, contains } from '@latchkey/core/allowlist'
import { headerValues } from './raw-headers.ts'

/** A chain longer than this is an attempt to make us work, or a loop. */
const HOPS_MAX = 16

/** Where a request comes from. */
export type Client = {
  /** undefined: it cannot be told (a malformed hop, too many of them, no peer). */
  readonly address: Address | undefined
  /** The request's peer may speak for others: its X-Forwarded-* headers count. */
  readonly isFromTrustedProxy: boolean
}

/**
 * The client of a request. The socket's peer, unless the peer is a trusted proxy: then X-Forwarded-For is walked
 * from the right and the first hop that is not trusted is the client; if all are, the leftmost.
 */
export function seeClient(request: IncomingMessage, trustedProxies: Allowlist | null): Client {
  const peer = peerAddress(request)
  const isFromTrustedProxy = peer !== undefined && trustedProxies !== null && contains(trustedProxies, peer)
  const isForwarded = isFromTrustedProxy && isAddressForwarded(request)
  return { address: isForwarded ? forwardedAddress(request, trustedProxies) : peer, isFromTrustedProxy }
}

/** Whether the request names the client it is made for. */
export const isAddressForwarded = (request: IncomingMessage): boolean =>
  headerValues(request, 'x-forwarded-for').length > 0

/**
 * The address that a peer names which may speak for others; undefined where it names none: the peer's own is not
 * the client's.
 */
export function forwardedAddress(
  request: IncomingMessage,
  trustedProxies: Allowlist | null,
): Address | undefined {
  const lines = headerValues(request, 'x-forwarded-for')
  if (lines.length === 0) return undefined
  const chain = lines.join(',')
  if (!chain.includes(',')) return parseHop(chain.trim())
  const hops = chain.split(',', HOPS_MAX + 1)
  if (hops.length > HOPS_MAX) return undefined
  let client: Address | undefined
  for (const hop of hops.reverse()) {
    client = parseHop(hop.trim())
    if (client === undefined || trustedProxies === null || !contains(trustedProxies, client)) return client
  }
  return client
}

/** What some balancers write besides the bare address: 192.0.2.7:443, [2001:db8::1]:443, [2001:db8::1]. */
const WITH_PORT = /^(?:([\d.]{7,15})|\[([0-9A-Fa-f:.]{2,45})\])(?::(\d{1,5}))?$/

/** The address of one hop, without its port. */
function parseHop(text: string): Address | undefined {
  const bare = parseAddress(text)
  if (bare !== undefined) return bare
  const [, four, six, port = '0'] = WITH_PORT.exec(text) ?? []
  // A text that is wrong in one place is believed in none.
  if (Number(port) > 65_535 || six?.includes(':') === false) return undefined
  const address = four ?? six
  return address === undefined ? undefined : parseAddress(address)
}

function peerAddress(request: IncomingMessage): Address | undefined {
  const text = request.socket.remoteAddress
  if (text === undefined) return undefined
  if (text !== lastPeer.text) lastPeer = { text, address: parsePeer(text) }
  return lastPeer.address
}

/** Behind a gateway nearly every request has the same: it is read once. */
let lastPeer: { readonly text: string; readonly address: Address | undefined } = {
  text: '',
  address: undefined,
}

function parsePeer(text: string): Address | undefined {
  // The kernel adds a zone to link-local peers (RFC 4007 §11); the address before it is what lists name.
  const zone = text.indexOf('%')
  return parseAddress(zone < 0 ? text : text.slice(0, zone))
}
