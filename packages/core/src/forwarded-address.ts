import { type Address, parseAddress } from './address.ts'
import { type Allowlist, contains } from './allowlist.ts'

/** A chain longer than this is an attempt to make us work, or a loop. */
const HOPS_MAX = 16

/**
 * The client of a request by the values of its X-Forwarded-For, in the order they came: walked from the right, the first
 * hop that is not trusted; if all are, the leftmost. undefined: it cannot be told (none, a malformed hop, too many).
 */
export function readForwarded(
  lines: readonly string[],
  trustedProxies: Allowlist | null,
): Address | undefined {
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

/** The address of a socket's peer. */
export function parsePeer(text: string): Address | undefined {
  // The kernel adds a zone to link-local peers (RFC 4007 §11); the address before it is what lists name.
  const zone = text.indexOf('%')
  return parseAddress(zone < 0 ? text : text.slice(0, zone))
}
