import { formatIPv6, parseIPv4, parseIPv6 } from './address-text.ts'

/** An IP address. IPv4: one unsigned 32-bit number; IPv6: four, most significant first. */
export type Address =
  | { readonly family: 4; readonly value: number }
  | { readonly family: 6; readonly words: readonly [number, number, number, number] }

/**
 * Strict: IPv4 as four decimal numbers without leading zeros, IPv6 as RFC 4291 §2.2 writes it. No zone,
 * bracket, port or space. An IPv4-mapped address (::ffff:0:0/96) comes out as the IPv4 address it stands for.
 */
export function parseAddress(text: string): Address | undefined {
  const parsed = parseUnmapped(text)
  return parsed === undefined ? undefined : unmap(parsed)
}

/** As parseAddress, but an IPv4-mapped address stays IPv6: a block needs its prefix length first. */
export function parseUnmapped(text: string): Address | undefined {
  if (text.includes(':')) {
    const words = parseIPv6(text)
    return words === undefined ? undefined : { family: 6, words }
  }
  const value = parseIPv4(text)
  return value === undefined ? undefined : { family: 4, value }
}

/** How many bits all addresses that stand for IPv4 begin with (RFC 4291 §2.5.5.2). */
export const MAPPED_BITS = 96

/** Whether the words of an IPv6 address stand for an IPv4 address. */
export function isMapped([first, second, third]: readonly number[]): boolean {
  return first === 0 && second === 0 && third === 0xffff
}

function unmap(address: Address): Address {
  return address.family === 6 && isMapped(address.words) ? { family: 4, value: address.words[3] } : address
}

/** Canonical text; IPv6 as RFC 5952. */
export function formatAddress(address: Address): string {
  if (address.family === 6) return formatIPv6(address.words)
  const { value } = address
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`
}
