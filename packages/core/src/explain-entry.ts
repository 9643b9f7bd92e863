import { MAPPED_BITS, parseUnmapped } from './address.ts'
import { isPlainAddress } from './repeatable.ts'

/** What stands further on cannot make it an address, and is not looked at. */
const LOOKED_AT_MAX = 200

/**
 * Says what is wrong with an entry that is no address and no block, and what to write instead. The answer is public, and
 * ends up in logs: it repeats what was meant as an address. Anything else may be a key or a password that was pasted here.
 */
export function explainBadEntry(text: string): string {
  const shown =
    text === '' || isPlainAddress(text) || isAttempt(text)
      ? JSON.stringify(text)
      : `a text of ${text.length.toLocaleString('en')} ${text.length === 1 ? 'character' : 'characters'}`
  return `${shown} ${reasonOf(text.slice(0, LOOKED_AT_MAX))}`
}

/** Short, of nothing but what addresses, blocks, ports, zones, ranges and lists of them are made of, in short parts. */
const isAttempt = (text: string): boolean =>
  text.length <= ATTEMPT_LENGTH_MAX &&
  /^(?:(?:0x)?[\da-f]{0,5}[.:/*;, [\]-])*(?:0x)?[\da-f]{0,5}(?:%\w{1,8})?$/i.test(text)
/** The longest valid entry has 49 characters. */
const ATTEMPT_LENGTH_MAX = 60

const RANGE = 'is a range: write it as one or more CIDR blocks, such as 192.0.2.0/24.'
const WILDCARD = 'has a wildcard: write a CIDR block, such as 192.0.2.0/24.'
const NETMASK = 'has a netmask: write the number of bits instead, such as /16 for 255.255.0.0.'

type Mistakes = readonly (readonly [RegExp, string])[]

/** The first that fits is told: what spoils the whole text comes before what spoils a part. */
const TEXT_MISTAKES: Mistakes = [
  [/^$/, 'holds no address: write one, such as 192.0.2.7, or send null for no restriction.'],
  // Cut at the space, these would become a list of other addresses than were meant.
  [/^[\d.]+ *(?:[-\u2013\u2014]|to) *[\d.]+(?:\/.*)?$/, RANGE],
  [/^(?:\d+\.){3}\d+ *\.{2,3} *\d/, RANGE],
  [
    /^[\da-f.]*:[\da-f.:]* *(?:[-\u2013\u2014]|to) *[\da-f.:]*(?:\/.*)?$/i,
    'is a range: write it as CIDR blocks, such as 2001:db8::/32.',
  ],
  [/^[\d.]+ (?:255|0)(?:\.\d+){3}$/, NETMASK],
  [/ \/|\/ /, 'holds a space beside the slash: write the block without, such as 10.0.0.0/8.'],
  [/[!-~][\t\r\n]+[!-~]/, 'holds a tab or a line break: separate entries with commas.'],
  [/ /, 'holds a space: write nothing but addresses and blocks, and separate them with commas.'],
  [/[\p{C}\p{Z}]/u, 'holds a tab, a line break or an invisible character: remove it.'],
  [/["'`]/, 'is in quotes: write the address alone, without them.'],
  [/[^!-~]/, 'holds a character that no address has: write plain digits, letters a to f, "." and ":".'],
  [/;/, 'holds a semicolon: separate entries with commas.'],
  [/:\/\//, 'is a URL: write the address alone.'],
  [/[[\]]/, 'is in brackets: write the address alone, without brackets and port.'],
  [/%/, 'has a zone: write the address without what follows %.'],
  [/\/.*\//, 'has more than one slash: write an address, or an address and its length, such as 10.0.0.0/8.'],
]

const ADDRESS_MISTAKES: Mistakes = [
  [/^$/, 'has nothing before the slash: write the address of the block, such as 10.0.0.0/8.'],
  [/^[\d.]*\*[\d.*]*$/, WILDCARD],
  [/^(?:(?:\d+|x)\.)*x(?:\.x)*$/i, WILDCARD],
  [/^[\da-f:]*:[\da-f:]*\*[\da-f:*]*$/i, 'has a wildcard: write a CIDR block, such as 2001:db8::/32.'],
  [/^[^:]*:\d*$/, 'has a port: write the address alone.'],
]

const IPV6_MISTAKES: Mistakes = [
  [
    /^[0:]+:(?:\d+\.){3}\d+$/,
    'is in the deprecated IPv4-compatible form: write the IPv4 address alone, or as ::ffff:192.0.2.7.',
  ],
  [/:::|::.*::/, 'has :: twice: only one run of zeros can be left out.'],
  [/[^\da-f:.]/i, 'is not an IPv6 address: its digits are 0 to 9 and a to f.'],
  [/[\da-f]{5}/i, 'has a group of more than four digits: write it as 2001:db8::1.'],
  [/\./, 'has a malformed IPv4 part: only the last 32 bits can be written as four decimal numbers.'],
]

const IPV4_MISTAKES: Mistakes = [
  [/^0x|\.0x/i, 'is in hexadecimal: write four decimal numbers, such as 192.0.2.7.'],
  [
    /[^\d.]/,
    'is not an IP address: names are not looked up; write an address such as 192.0.2.7 or 2001:db8::1.',
  ],
  [/(?:^|\.)0\d/, 'has a leading zero, which some read as octal: write plain decimal numbers.'],
  [/^\d+$/, 'is a single number: write four decimal numbers, such as 192.0.2.7.'],
  [/^\.|\.\.|\.$/, 'has an empty part: write four decimal numbers, such as 192.0.2.7.'],
  [/^(?:\d+\.){0,2}\d+$/, 'has too few parts: write four decimal numbers, such as 192.0.2.7.'],
  [/^(?:\d+\.){4}/, 'has too many parts: write four decimal numbers, such as 192.0.2.7.'],
]

function reasonOf(text: string): string {
  const [address = '', length] = text.split('/', 2)
  const mistake = firstOf(TEXT_MISTAKES, text)
  if (mistake !== undefined) return mistake
  return length !== undefined && parseUnmapped(address) !== undefined
    ? lengthReason(address, length)
    : addressReason(address)
}

function firstOf(mistakes: Mistakes, text: string): string | undefined {
  return mistakes.find(([pattern]) => pattern.test(text))?.[1]
}

function addressReason(address: string): string {
  const mistake = firstOf(ADDRESS_MISTAKES, address)
  if (mistake !== undefined) return mistake
  if (!address.includes(':')) {
    return firstOf(IPV4_MISTAKES, address) ?? 'has a part above 255: write four numbers from 0 to 255.'
  }
  return (
    firstOf(IPV6_MISTAKES, address) ??
    'does not have eight groups: write all of them, or leave out one run of zeros, as in 2001:db8::1.'
  )
}

function lengthReason(address: string, length: string): string {
  if (/[.:]/.test(length)) {
    return NETMASK
  }
  if (!/^(?:0|[1-9]\d*)$/.test(length)) {
    return 'has a malformed length after the slash: write decimal digits without leading zeros.'
  }
  // A shorter length is refused behind an IPv4-mapped address only.
  if (address.includes(':') && Number(length) < MAPPED_BITS) {
    return 'reaches beyond the addresses that stand for IPv4: write the IPv4 block alone, such as 10.0.0.0/8.'
  }
  return address.includes(':')
    ? 'has a length above 128 after the slash: an IPv6 block has 0 to 128.'
    : 'has a length above 32 after the slash: an IPv4 block has 0 to 32.'
}
