import type { Address } from './address.ts'
import { type Block, formatBlock, parseBlock } from './block.ts'
import { explainBadEntry } from './explain-entry.ts'
import { atOnce } from './steps.ts'

/** About 45 characters each in the store, 64 bytes compiled at most. */
export const ENTRIES_MAX = 1_000
const PROBLEMS_MAX = 20
const V6_WORDS = 4
/** Entries that are read in one step: some tens of microseconds. */
const STEP_ENTRIES = 64

/**
 * Compiled: sorted ranges that do not touch, [low, high] one after the other, for each family. In plain arrays: a typed
 * one takes 200 bytes before its first element, and most lists are short.
 */
export type Allowlist = { readonly v4: readonly number[]; readonly v6: readonly number[] }

/** Compiles canonical entries. Throws on a malformed one: they were parsed before they were stored. */
export function compileAllowlist(entries: readonly string[]): Allowlist {
  return compiled(entries.map(blockOf))
}

/** The same of a list that may be long. */
export function* compileInSteps(entries: readonly string[]): Generator<void, Allowlist> {
  const blocks: Block[] = []
  for (const entry of entries) {
    blocks.push(blockOf(entry))
    if (blocks.length % STEP_ENTRIES === 0) yield
  }
  return compiled(blocks)
}

function blockOf(entry: string): Block {
  const block = parseBlock(entry)
  if (block === undefined) throw new Error(`not a canonical entry: ${entry}`)
  return block
}

const compiled = (blocks: readonly Block[]): Allowlist => ({
  v4: pack(blocks.filter(({ address }) => address.family === 4)),
  v6: pack(blocks.filter(({ address }) => address.family === 6)),
})

/** Both ends belong to it. `high` grows while ranges are joined. */
type Range = { readonly low: readonly number[]; high: readonly number[] }

function pack(blocks: readonly Block[]): readonly number[] {
  const packed: number[] = []
  const ranges = blocks.map(rangeOf).sort((left, right) => compare(left.low, right.low))
  for (const { low, high } of merged(ranges)) {
    for (const word of low) packed.push(word)
    for (const word of high) packed.push(word)
  }
  // Copied, because a list that grew has room left to grow.
  return packed.slice()
}

function merged(ranges: readonly Range[]): readonly Range[] {
  const apart: Range[] = []
  let last: Range | undefined
  for (const range of ranges) {
    if (last === undefined || (compare(range.low, last.high) > 0 && !isNext(range.low, last.high))) {
      apart.push(range)
      last = range
    } else if (compare(range.high, last.high) > 0) {
      last.high = range.high
    }
  }
  return apart
}

function rangeOf({ address, prefixLength }: Block): Range {
  const low = address.family === 4 ? [address.value] : address.words
  if (prefixLength === low.length * 32) return { low, high: low }
  return { low, high: low.map((word, index) => (word | hostMask(prefixLength - index * 32)) >>> 0) }
}

function hostMask(bits: number): number {
  if (bits <= 0) return 0xffffffff
  return bits >= 32 ? 0 : 0xffffffff >>> bits
}

/** Whether `low` is the address right after `high`: the carry runs from the last word to the first. */
function isNext(low: readonly number[], high: readonly number[]): boolean {
  let carry = 1
  for (let index = high.length - 1; index >= 0; index--) {
    const sum = high[index]! + carry
    carry = sum > 0xffffffff ? 1 : 0
    if (sum >>> 0 !== low[index]) return false
  }
  return carry === 0
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < left.length; index++) {
    const difference = left[index]! - right[index]!
    if (difference !== 0) return difference
  }
  return 0
}

/** Whether an address is in the list. Families never match each other. Binary search, nothing allocated. */
export function contains(allowlist: Allowlist, address: Address): boolean {
  return address.family === 4
    ? containsV4(allowlist.v4, address.value)
    : containsV6(allowlist.v6, address.words)
}

/** Whether every address of one list is in another. null: every address there is. */
export function isWithin(inner: Allowlist | null, outer: Allowlist | null): boolean {
  if (outer === null) return true
  if (inner === null) return false
  return areWithin(inner.v4, outer.v4, 1) && areWithin(inner.v6, outer.v6, V6_WORDS)
}

/** Ranges are sorted and do not touch: each of them lies in one of the others, or is not covered. */
function areWithin(inner: readonly number[], outer: readonly number[], words: number): boolean {
  const compareEnds = (at: number, from: number): number => {
    for (let index = 0; index < words; index++) {
      const difference = outer[at + index]! - inner[from + index]!
      if (difference !== 0) return difference
    }
    return 0
  }
  let at = 0
  for (let low = 0; low < inner.length; low += 2 * words) {
    const high = low + words
    while (at < outer.length && compareEnds(at + words, low) < 0) at += 2 * words
    if (at >= outer.length || compareEnds(at, low) > 0 || compareEnds(at + words, high) < 0) return false
  }
  return true
}

function containsV4(ranges: readonly number[], value: number): boolean {
  let low = 0
  let high = ranges.length / 2 - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    if (value < ranges[middle * 2]!) high = middle - 1
    else if (value > ranges[middle * 2 + 1]!) low = middle + 1
    else return true
  }
  return false
}

function containsV6(ranges: readonly number[], words: readonly number[]): boolean {
  let low = 0
  let high = ranges.length / 8 - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    if (compareAt(words, ranges, middle * 8) < 0) high = middle - 1
    else if (compareAt(words, ranges, middle * 8 + 4) > 0) low = middle + 1
    else return true
  }
  return false
}

function compareAt(words: readonly number[], ranges: readonly number[], offset: number): number {
  for (let index = 0; index < V6_WORDS; index++) {
    const difference = words[index]! - ranges[offset + index]!
    if (difference !== 0) return difference
  }
  return 0
}

/** `index` of the array element that is wrong; null: the value as a whole. */
type EntryProblem = { readonly index: number | null; readonly detail: string }
export type ParsedEntries =
  | { readonly entries: string[] | null }
  /** `hasMore`: the rest was not looked at. */
  | { readonly problems: readonly EntryProblem[]; readonly hasMore?: true }

/**
 * The wire's `whitelistedIPs` → canonical entries, each once, in the order first given. Elements may hold
 * several entries separated by commas; one that holds none is a problem. null, absent, []: no restriction.
 * Reads no further than PROBLEMS_MAX problems, or one entry too many: what a text costs is bounded by what it may be.
 */
export function parseWhitelistedIPs(value: GivenEntries): ParsedEntries {
  return atOnce(readWhitelistedIPs(value))
}

type GivenEntries = readonly string[] | string | null | undefined

/** The same of a list that may be long: an entry may stand there very many times. */
export function* readWhitelistedIPs(value: GivenEntries): Generator<void, ParsedEntries> {
  if (value === null || value === undefined || value.length === 0) {
    if (value === '') return { problems: [{ index: null, detail: explainBadEntry('') }] }
    return { entries: null }
  }
  const entries = new Set<string>()
  const problems: EntryProblem[] = []
  let given = 0
  for (const { index, text } of texts(value)) {
    if (++given % STEP_ENTRIES === 0) yield
    const block = parseBlock(text)
    if (block !== undefined) entries.add(canonical(block, text))
    else if (problems.length === PROBLEMS_MAX) return { problems, hasMore: true }
    else problems.push({ index, detail: explainBadEntry(text) })
    if (entries.size > ENTRIES_MAX) return { problems: [...problems, tooMany()] }
  }
  return problems.length > 0 ? { problems } : { entries: [...entries] }
}

/** Most texts are as they should be: one that came whole is read faster again than one that was put together. */
function canonical(block: Block, text: string): string {
  const formatted = formatBlock(block)
  return formatted === text ? text : formatted
}

/** Made when it is needed: a bundle for elsewhere would keep it. */
const tooMany = (): EntryProblem => ({
  index: null,
  detail: `has more than ${ENTRIES_MAX.toLocaleString('en')} entries: join neighbours into CIDR blocks.`,
})

/** What stands between commas, without the spaces around it and without empty pieces; '' for an element of nothing else. */
function* texts(
  value: readonly string[] | string,
): Generator<{ readonly index: number | null; readonly text: string }> {
  const elements = typeof value === 'string' ? [value] : value
  for (const [position, element] of elements.entries()) {
    const index = typeof value === 'string' ? null : position
    let isEmpty = true
    for (let start = 0; start <= element.length; ) {
      const comma = element.indexOf(',', start)
      const end = comma < 0 ? element.length : comma
      const text = trimSpaces(element, start, end)
      if (text !== '') yield { index, text }
      isEmpty &&= text === ''
      start = end + 1
    }
    if (isEmpty) yield { index, text: '' }
  }
}

/** U+0020 only: a tab or a no-break space is a mistake that should show. */
function trimSpaces(element: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && element[start] === ' ') start += 1
  while (end > start && element[end - 1] === ' ') end -= 1
  return element.slice(start, end)
}
