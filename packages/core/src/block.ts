import { type Address, formatAddress, isMapped, MAPPED_BITS, parseUnmapped } from './address.ts'

/** A CIDR block (RFC 4632): the network's first address and how many bits of it count. */
export type Block = { readonly address: Address; readonly prefixLength: number }

/**
 * An address, or an address and `/prefix`. The host part is masked away; mapped blocks become IPv4. A mapped address with a
 * length that reaches beyond the mapped ones is none: `::ffff:10.0.0.0/8` is not what was meant, and would be `::/8`.
 */
export function parseBlock(text: string): Block | undefined {
  const slash = text.indexOf('/')
  const parsed = parseUnmapped(slash < 0 ? text : text.slice(0, slash))
  if (parsed === undefined) return undefined
  const bits = bitsOf(parsed)
  const prefixLength = slash < 0 ? bits : parsePrefixLength(text.slice(slash + 1), bits)
  if (prefixLength === undefined) return undefined
  if (parsed.family === 4 || !isMapped(parsed.words)) return blockOf(parsed, prefixLength)
  const length = prefixLength - MAPPED_BITS
  return length < 0 ? undefined : blockOf({ family: 4, value: parsed.words[3] }, length)
}

const bitsOf = ({ family }: Address): number => (family === 4 ? 32 : 128)

function parsePrefixLength(text: string, bits: number): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(text)) return undefined
  const length = Number(text)
  return length > bits ? undefined : length
}

function blockOf(address: Address, prefixLength: number): Block {
  if (prefixLength === bitsOf(address)) return { address, prefixLength }
  if (address.family === 4) {
    return { address: { family: 4, value: masked(address.value, prefixLength) }, prefixLength }
  }
  const [a, b, c, d] = address.words
  const words = [
    masked(a, prefixLength),
    masked(b, prefixLength - 32),
    masked(c, prefixLength - 64),
    masked(d, prefixLength - 96),
  ] as const
  return { address: { family: 6, words }, prefixLength }
}

/** The first `bits` bits of a word; JavaScript shifts by the count modulo 32, hence the two edges. */
function masked(word: number, bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? word : (word & (-1 << (32 - bits))) >>> 0
}

/** Canonical text; a block of one address is written without its length. */
export function formatBlock({ address, prefixLength }: Block): string {
  const text = formatAddress(address)
  return prefixLength === bitsOf(address) ? text : `${text}/${prefixLength}`
}

/** Whether the block is a whole family: a restriction that restricts nothing. */
export const isAnyAddress = (block: Block): boolean => block.prefixLength === 0
