import { type Address, formatAddress } from './address.ts'

/** What one customer usually has, as text: an IPv4 address, or an IPv6 /64. */
export function networkOf(address: Address): string {
  if (address.family === 4) return formatAddress(address)
  const [first, second] = address.words
  return `${formatAddress({ family: 6, words: [first, second, 0, 0] })}/64`
}
