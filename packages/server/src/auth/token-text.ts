import { parseJson } from '@latchkey/core/json-text'
import { TOKEN_LENGTH_MAX } from './access-token.ts'

/** Before any signature is checked: what the token says of itself. */
export type TokenText = {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** In base64: a brace, and behind it a quote or, as some issuers write it, white space. */
const JSON_START = /^e[wy]/

/** Whether a text may be a token. It has a dot, which the keys of Tyk, although they look alike, have not. */
export const isTokenLike = (text: string): boolean =>
  JSON_START.test(text) && text.includes('.') && text.length <= TOKEN_LENGTH_MAX

const PART = /^[A-Za-z0-9_-]+$/
/** Headers that name a key or a rule from inside the token (RFC 7515 §4.1): the attacker's to choose. */
const REFUSED_HEADERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc']

/**
 * Takes a JWT in compact form apart, strictly: three parts of canonical base64url (RFC 4648 §3.5), each JSON
 * object without a name twice, no header that brings its own key. undefined: it is none.
 */
export function parseTokenText(token: string): TokenText | undefined {
  const parts = token.split('.', 4)
  if (parts.length !== 3 || !parts.every(isCanonical)) return undefined
  const header = objectOf(parts[0]!)
  const claims = objectOf(parts[1]!)
  if (header === undefined || claims === undefined) return undefined
  if (REFUSED_HEADERS.some((name) => Object.hasOwn(header, name))) return undefined
  return { header, claims }
}

function isCanonical(part: string): boolean {
  return PART.test(part) && Buffer.from(part, 'base64url').toString('base64url') === part
}

function objectOf(part: string): Record<string, unknown> | undefined {
  try {
    const value = parseJson(Buffer.from(part, 'base64url'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    // Whatever is wrong with the text, the token is none: its sender learns no more than that.
    return undefined
  }
}
