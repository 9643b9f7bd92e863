import type { Address } from '@latchkey/core/address'

/** Where a request comes from, for counting: one IPv4 address, or one IPv6 /64, which is what one customer usually has. */
export type Source = string

/** Addresses that cannot be told share one source. */
export const UNKNOWN_SOURCE: Source = 'unknown'

export function sourceOf(address: Address | undefined): Source {
  if (address === undefined) return UNKNOWN_SOURCE
  return address.family === 4 ? `4:${address.value}` : `6:${address.words[0]}:${address.words[1]}`
}

/** The IPv6 /48 that a source is in, which one site usually has; undefined for every other source. */
export function siteOf(source: Source): string | undefined {
  const [family, first, second] = source.split(':')
  return family === '6' ? `48:${first}:${Number(second) >>> 16}` : undefined
}
