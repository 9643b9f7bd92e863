type Words = readonly [number, number, number, number]

const DOT = 46
const ZERO = 48

/**
 * Dotted decimal, each part 0..255 without leading zeros; an unsigned 32-bit number. Every request has one or two:
 * read in one pass, without cutting the text up.
 */
export function parseIPv4(text: string): number | undefined {
  if (text.length < 7 || text.length > 15) return undefined
  let value = 0
  let dots = 0
  let octet = 0
  let digits = 0
  for (let index = 0; index <= text.length; index++) {
    const code = index === text.length ? DOT : text.charCodeAt(index)
    if (code === DOT) {
      if (digits === 0) return undefined
      value = value * 256 + octet
      dots += 1
      octet = 0
      digits = 0
      continue
    }
    const digit = code - ZERO
    const isLeadingZero = digits > 0 && octet === 0
    octet = octet * 10 + digit
    digits += 1
    if (!(digit >= 0 && digit <= 9) || isLeadingZero || octet > 255) return undefined
  }
  return dots === 4 ? value : undefined
}

const IPV6_LENGTH_MAX = 45
const COLON = 58

/**
 * Eight groups of hexadecimal digits, one run of zeros as `::`, the last two perhaps as IPv4 (RFC 4291 §2.2). In one
 * pass: a list may have a thousand.
 */
export function parseIPv6(text: string): Words | undefined {
  if (text.length < 2 || text.length > IPV6_LENGTH_MAX) return undefined
  const groups: Groups = [0, 0, 0, 0, 0, 0, 0, 0]
  let count = 0
  /** How many groups stand before `::`; -1: there is none. */
  let gap = -1
  let isDotted = false
  let index = 0
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return undefined
    gap = 0
    index = 2
  }
  while (index < text.length) {
    if (count === 8) return undefined
    const start = index
    let group = 0
    for (let digit = hexDigit(text, index); digit >= 0; digit = hexDigit(text, index)) {
      group = group * 16 + digit
      index += 1
    }
    if (index === start || index - start > 4) return undefined
    if (text.charCodeAt(index) === DOT) {
      const value = count > 6 ? undefined : parseIPv4(text.slice(start))
      if (value === undefined) return undefined
      groups[count] = value >>> 16
      groups[count + 1] = value & 0xffff
      count += 2
      isDotted = true
      break
    }
    groups[count] = group
    count += 1
    if (index === text.length) break
    if (text.charCodeAt(index) !== COLON || index + 1 === text.length) return undefined
    index += 1
    if (text.charCodeAt(index) !== COLON) continue
    if (gap >= 0) return undefined
    gap = count
    index += 1
  }
  // RFC 5952 §4.2.2 never writes `::` for nothing, and RFC 4291 gives it one group or more.
  if (gap < 0 ? count !== 8 : count > 7) return undefined
  if (gap >= 0) spread(groups, gap, count)
  const words = wordsOf(groups)
  // ::a.b.c.d is deprecated (RFC 4291 §2.5.5.1), and whoever writes it means something else.
  return isDotted && words[0] === 0 && words[1] === 0 && words[2] === 0 ? undefined : words
}

type Groups = [number, number, number, number, number, number, number, number]

function hexDigit(text: string, index: number): number {
  // Behind the end charCodeAt is NaN, which makes every number here a slow one.
  if (index >= text.length) return -1
  const code = text.charCodeAt(index)
  if (code >= ZERO && code <= ZERO + 9) return code - ZERO
  const letter = code | 0x20
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** Moves the groups after the gap to the end, and leaves zeros where they stood. */
function spread(groups: Groups, gap: number, count: number): void {
  const missing = 8 - count
  for (let index = 7; index >= gap; index--) {
    groups[index] = index - missing >= gap ? groups[index - missing]! : 0
  }
}

const wordsOf = ([a, b, c, d, e, f, g, h]: Groups): Words => [
  a * 0x10000 + b,
  c * 0x10000 + d,
  e * 0x10000 + f,
  g * 0x10000 + h,
]

/** Every byte as it is written first in a group, and behind another. A number makes its text anew each time. */
const FIRST_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16))
const LAST_BYTES = FIRST_BYTES.map((text) => text.padStart(2, '0'))

const hexOf = (group: number): string =>
  group < 256 ? FIRST_BYTES[group]! : FIRST_BYTES[group >>> 8]! + LAST_BYTES[group & 255]!

/** RFC 5952 §4: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
export function formatIPv6([a, b, c, d]: Words): string {
  const groups = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff, c >>> 16, c & 0xffff, d >>> 16, d & 0xffff]
  const run = longestZeroRun(groups)
  let text = ''
  for (let index = 0; index < 8; index++) {
    if (index === run.start && run.length >= 2) {
      text += '::'
      index += run.length - 1
    } else {
      const isFirst = index === 0 || (run.length >= 2 && index === run.start + run.length)
      text += isFirst ? hexOf(groups[index]!) : `:${hexOf(groups[index]!)}`
    }
  }
  return text
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) continue
    if (index - start > best.length) best = { start, length: index - start }
    start = index + 1
  }
  return best
}
