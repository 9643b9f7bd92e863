import { parseAddress } from '@latchkey/core/address'
import { compileAllowlist, contains, parseWhitelistedIPs } from '@latchkey/core/allowlist'

/** What the service will make of one entry, by the code with which it decides. */
export type JudgedEntry = { readonly canonical: string } | { readonly problem: string }

export function judgeEntry(text: string): JudgedEntry {
  const parsed = parseWhitelistedIPs([text])
  if ('entries' in parsed) return { canonical: parsed.entries?.[0] ?? text }
  return { problem: parsed.problems[0]?.detail ?? 'is no address.' }
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
