import { type Address, formatAddress } from './address.ts'

/** Addresses that cannot be told are of one network. */
export const UNKNOWN_NETWORK = 'unknown'

/** Where something comes from, for counting, as text: what one customer usually has, an IPv4 address or an IPv6 /64. */
export function networkOf(address: Address | undefined): string {
  if (address === undefined) return UNKNOWN_NETWORK
  if (address.family === 4) return formatAddress(address)
  const [first, second] = address.words
  return `${formatAddress({ family: 6, words: [first, second, 0, 0] })}/64`
}

/** The IPv6 /48 around an address, which one site usually has; undefined: it is no IPv6 address. */
export function siteOf(address: Address | undefined): string | undefined {
  if (address?.family !== 6) return undefined
  const [first, second] = address.words
  return `${formatAddress({ family: 6, words: [first, (second & 0xffff0000) >>> 0, 0, 0] })}/48`
}
