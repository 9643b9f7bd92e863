import { type Address, formatAddress, parseAddress } from '@latchkey/core/address'
import { type Allowlist, compileAllowlist, contains, parseWhitelistedIPs } from '@latchkey/core/allowlist'
import { parsePeer, readForwarded } from '@latchkey/core/forwarded-address'
import { invalid } from '../options.ts'
import type { Seen } from './seen.ts'

/** Where a request comes from: never what a framework makes of it in silence. */
export type ClientAddress<Request> =
  | 'peer'
  | { trustedProxies: readonly string[] }
  | ((request: Request) => string | undefined)

export type AddressOf<Request> = (seen: Seen, request: Request) => string | undefined

/** Throws LatchkeyError `invalid_options`. */
export function createAddressOf<Request>(given: ClientAddress<Request> = 'peer'): AddressOf<Request> {
  if (typeof given === 'function') return (_seen, request) => shown(parseGiven(given(request)))
  const trusted = given === 'peer' ? null : compileProxies(given?.trustedProxies)
  return ({ values, peer }) => {
    const address = peer === undefined ? undefined : parsePeer(peer)
    if (trusted === null || address === undefined || !contains(trusted, address)) return shown(address)
    const lines = values('x-forwarded-for')
    return shown(lines.length === 0 ? address : readForwarded(lines, trusted))
  }
}

function compileProxies(list: unknown): Allowlist {
  const parsed = isTexts(list) ? parseWhitelistedIPs(list) : undefined
  if (parsed !== undefined && 'entries' in parsed && parsed.entries !== null)
    return compileAllowlist(parsed.entries)
  // One that is wrong is named: frameworks take words such as loopback here.
  if (parsed !== undefined && 'problems' in parsed)
    throw invalid(`clientAddress.trustedProxies: ${parsed.problems[0]?.detail}`)
  throw invalid("clientAddress is 'peer', { trustedProxies: ['10.0.0.0/8'] } or a function of the request.")
}

const parseGiven = (text: string | undefined) => (text === undefined ? undefined : parseAddress(text))

const shown = (address: Address | undefined) => (address === undefined ? undefined : formatAddress(address))

const isTexts = (list: unknown): list is readonly string[] =>
  Array.isArray(list) && list.every((text) => typeof text === 'string')
