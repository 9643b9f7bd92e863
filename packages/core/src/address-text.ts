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

/** Eight groups of hexadecimal digits, one run of zeros as `::`, the last two perhaps as IPv4 (RFC 4291 §2.2). */
export function parseIPv6(text: string): Words | undefined {
  if (text.length < 2 || text.length > IPV6_LENGTH_MAX) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const tail = groupsOf(halves.at(-1)!, true)
  if (tail === undefined) return undefined
  let groups = tail.groups
  if (halves.length === 2) {
    const head = groupsOf(halves[0]!, false)
    if (head === undefined) return undefined
    const missing = 8 - head.groups.length - groups.length
    // RFC 5952 §4.2.2 never writes `::` for nothing, and RFC 4291 gives it one group or more.
    if (missing < 1) return undefined
    groups = [...head.groups, ...new Array<number>(missing).fill(0), ...groups]
  }
  if (groups.length !== 8) return undefined
  const words = [0, 2, 4, 6].map((index) => groups[index]! * 0x10000 + groups[index + 1]!) as unknown as Words
  // ::a.b.c.d is deprecated (RFC 4291 §2.5.5.1), and whoever writes it means something else.
  if (tail.isDotted && words[0] === 0 && words[1] === 0 && words[2] === 0) return undefined
  return words
}

function groupsOf(text: string, mayEndDotted: boolean): { groups: number[]; isDotted: boolean } | undefined {
  if (text === '') return { groups: [], isDotted: false }
  const parts = text.split(':')
  const groups: number[] = []
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const value = mayEndDotted && index === parts.length - 1 ? parseIPv4(part) : undefined
      if (value === undefined) return undefined
      groups.push(value >>> 16, value & 0xffff)
      return { groups, isDotted: true }
    }
    if (!/^[0-9A-Fa-f]{1,4}$/.test(part)) return undefined
    groups.push(Number.parseInt(part, 16))
  }
  return { groups, isDotted: false }
}

/** RFC 5952 §4: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
export function formatIPv6(words: Words): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff])
  const run = longestZeroRun(groups)
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':')
  if (run.length < 2) return hex(groups)
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`
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
