import { parseAddress } from '@latchkey/core/address'
import { compileAllowlist, contains, parseWhitelistedIPs } from '@latchkey/core/allowlist'

/** What the service will make of one entry, by the code with which it decides. */
export type JudgedEntry = { readonly canonical: string } | { readonly problem: string }

export function judgeEntry(text: string): JudgedEntry {
  const parsed = parseWhitelistedIPs([text])
  if ('entries' in parsed) return { canonical: parsed.entries?.[0] ?? text }
  return { problem: parsed.problems[0]?.detail ?? 'is no address.' }
}

/**
 * What stands between spaces, line ends, commas and semicolons. A range and an address with its netmask stay whole, and are
 * told: in pieces they would be a list of other addresses than were meant.
 */
export function entriesIn(text: string): readonly string[] {
  return text
    .replace(/([\da-f:.])[ \t]+(?:[-\u2013\u2014]|to)[ \t]+(?=[\da-f:.])/gi, '$1-')
    .replace(/(\.\d+)[ \t]+(?=(?:255|0)(?:\.\d+){3}(?:[\s,;]|$))/g, '$1/')
    .split(/[\s,;]+/)
    .filter((piece) => piece !== '')
}

/** Whether every entry would be taken. */
export const areSound = (entries: readonly string[]): boolean =>
  entries.every((entry) => 'canonical' in judgeEntry(entry))

/** A block of all addresses of its family: allowed, and seldom meant. */
export const isAnyAddress = (entry: string): boolean => /\/0$/.test(entry)

/** Whether the service would let an address use a key with these entries. undefined: the text is no address. */
export function isAdmitted(entries: readonly string[] | null, address: string): boolean | undefined {
  const parsed = parseAddress(address.trim())
  if (parsed === undefined) return undefined
  return entries === null || contains(compileAllowlist(entries), parsed)
}
