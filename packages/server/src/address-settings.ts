import { isIPv4 } from 'node:net'
import { type Allowlist, compileAllowlist, parseWhitelistedIPs } from '@latchkey/core/allowlist'
import { isRepeatable } from '@latchkey/core/repeatable'
import { got, shown } from '@latchkey/core/shown-value'

/** As the system reads it: `0` is 0.0.0.0 there, and every interface. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[\da-f]*)$/i

/** An address to listen on, or a name that leads to one. Throws Error, as every parser of a setting. */
export function host(text: string): string {
  const bare = /^\[([\d:a-f.]+)\]$/i.exec(text)?.[1] ?? text
  const isBare = /^[\w.-]+$/.test(bare) || /^[\d:a-f.]+(?:%[\w.-]+)?$/i.test(bare)
  if (!bare.includes(':') && ENDS_IN_NUMBER.test(bare) && !isIPv4(bare))
    throw new Error(
      `must be an address in full, such as 127.0.0.1; 0.0.0.0 is every interface; got ${shown(text)}`,
    )
  // Of an IPv6 address the colons are many.
  if (isBare && !/^[^:]*:[^:]*$/.test(bare)) return bare
  if (bare === '*') throw new Error('is an address: 0.0.0.0 or :: is every interface')
  const seen = isRepeatable(text) ? `; got ${JSON.stringify(text)}` : ''
  throw new Error(`must be an address alone, such as 127.0.0.1, without scheme, port or block${seen}`)
}

/** The origin of pages, as browsers name it. */
export function origin(text: string): string {
  const url = parseHttpUrl(text)
  if (url === undefined || url.path !== '')
    throw new Error(`must be an origin such as https://keys.example.com, without a path${got(text)}`)
  if (url.origin.includes('*'))
    throw new Error('holds a *, and stands for itself: name each origin, separated by commas')
  return url.origin
}

/** An origin, perhaps with a path of characters that need no escape in a link, a header or a page. */
export function publicUrl(text: string): string {
  const url = parseHttpUrl(text)
  if (url !== undefined && !url.origin.includes('*') && /^(\/[\w~-][\w.~-]*)*$/.test(url.path))
    return url.origin + url.path
  throw new Error(
    `must be a URL such as https://keys.example.com or https://example.com/latchkey, without query${got(text)}`,
  )
}

/** `path` as it was written, without the slash at its end. */
function parseHttpUrl(text: string): { readonly origin: string; readonly path: string } | undefined {
  const read = HTTP_URL.exec(text)
  if (read === null || !URL.canParse(text) || !HOSTNAME.test(new URL(text).hostname)) return undefined
  return { origin: new URL(text).origin, path: (read[1] ?? '').replace(/\/$/, '') }
}

/** A `$` or brace is left of a name that a shell was to fill in. */
const HOSTNAME = /^[\w.*-]+$|^\[/
const HTTP_URL = /^https?:\/\/[^/?#\\\s@]+(\/[^?#]*)?$/i

/** Of no client: who writes it means every address. */
const UNSPECIFIED = ['0.0.0.0', '::']

export function blocks(text: string): Allowlist | null {
  if (text.trim() === '') return null
  const parsed = parseWhitelistedIPs(text)
  if ('problems' in parsed) {
    const parts = text.split(',').map((part) => part.trim())
    const isTold = parts.some((part) => part !== '') && parts.every(isRepeatable)
    const detail = isTold ? parsed.problems[0]?.detail : undefined
    throw new Error(
      detail === undefined
        ? 'must hold addresses and blocks such as 192.0.2.7, 10.0.0.0/8 between commas'
        : `: ${detail}`,
    )
  }
  const nobody = parsed.entries?.find((entry) => UNSPECIFIED.includes(entry))
  if (nobody !== undefined)
    throw new Error(`holds ${nobody}, which no client has: name addresses; every one is ${nobody}/0`)
  return parsed.entries === null ? null : compileAllowlist(parsed.entries)
}
