import type { IncomingMessage } from 'node:http'
import type { Address } from '@latchkey/core/address'
import { type Allowlist, contains } from '@latchkey/core/allowlist'
import { parsePeer, readForwarded } from '@latchkey/core/forwarded-address'
import { headerValues } from './raw-headers.ts'

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
 * The client that a trusted peer names; undefined when it names none, for the peer's own address is not the client's.
 */
export function forwardedAddress(
  request: IncomingMessage,
  trustedProxies: Allowlist | null,
): Address | undefined {
  const lines = headerValues(request, 'x-forwarded-for')
  return readForwarded(lines, trustedProxies)
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
