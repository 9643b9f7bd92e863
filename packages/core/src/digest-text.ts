import { algorithmNamed, type DigestAlgorithm, SLOW, WEAK } from './digest-format.ts'

export type ParsedDigest = { readonly bytes: Buffer } | { readonly detail: string }

/**
 * Reads a digest as other systems write it: hex in any case, base64 or base64url, padded or not, `\x…` of PostgreSQL,
 * `sha512$$…` of Django. Its length must fit the algorithm. `detail` follows the name of its field.
 */
export function parseDigest(text: string, algorithm: DigestAlgorithm): ParsedDigest {
  const trimmed = text.slice(0, LENGTH_MAX).trim()
  const slow = SLOW_HASHES.find(([pattern]) => pattern.test(trimmed))
  if (slow !== undefined) return { detail: `is a hash of ${slow[1]}, which ${SLOW}` }
  const [, mark, marked] = MARKED.exec(trimmed) ?? []
  if (mark !== undefined && algorithmNamed(mark) !== algorithm) {
    return { detail: `says that it is of ${mark.toLowerCase()}, and the format says ${algorithm}.` }
  }
  const body = marked ?? trimmed
  const bytes = bytesOf(body)
  if (bytes?.length === BYTES[algorithm]) return { bytes }
  return { detail: explainLength(body, bytes?.length, algorithm) }
}

/**
 * Whether a text that is said to be a key may be the digest of one. Who takes such a file for one of keys makes keys of
 * what a stolen database holds. `isSourceKnown`: the source keeps keys of 32 and 40 hexadecimal digits itself.
 */
export function looksLikeDigest(text: string, isSourceKnown = false): boolean {
  if (/^[0-9a-f]+$/i.test(text)) {
    const lengths = isSourceKnown ? STRONG_HEX_LENGTHS : [...STRONG_HEX_LENGTHS, ...WEAK_HEX_LENGTHS]
    return lengths.includes(text.length)
  }
  return BASE64_DIGEST.test(text) || SLOW_HASHES.some(([pattern]) => pattern.test(text))
}

/** The longest of them, sha512$$ and 128 digits, has 136 characters; some slow hashes have more. */
const LENGTH_MAX = 512

const BYTES: Readonly<Record<DigestAlgorithm, number>> = {
  sha256: 32,
  'sha512-256': 32,
  'hmac-sha256': 32,
  sha512: 64,
}

const MARKED = /^(?:plain_)?([a-z][a-z0-9_-]{2,20})(?:\$\$|:)(?=.)(.*)$/i

const SLOW_HASHES: readonly (readonly [RegExp, string])[] = [
  [/^\$2[abxy]?\$\d\d\$|^bcrypt/, 'bcrypt'],
  [/^\$?argon2/, 'Argon2'],
  [/^\$?scrypt[$:]|^\$7\$|^\$s0\$/, 'scrypt'],
  [/^\$?pbkdf2/, 'PBKDF2'],
]

const STRONG_HEX_LENGTHS = [64, 96, 128]
const WEAK_HEX_LENGTHS = [32, 40, 56]
/** 32 and 64 bytes, of SHA-256 and SHA-512: the last character holds few bits, and the padding may be there. */
const BASE64_DIGEST =
  /^(?:[A-Za-z0-9+/]{43}=?|[A-Za-z0-9_-]{43}=?|(?:[A-Za-z0-9+/]{86}|[A-Za-z0-9_-]{86})(?:==)?)$/

function bytesOf(text: string): Buffer | undefined {
  const hex = text.replace(/^\\x/, '')
  if (/^(?:[0-9a-f]{2})+$/i.test(hex)) return Buffer.from(hex, 'hex')
  const bare = text.replace(/={1,2}$/, '')
  if (!/^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)$/.test(bare)) return undefined
  const bytes = Buffer.from(bare, 'base64url')
  // What is cut off or mistyped does not come out as it went in.
  return bytes.toString('base64url') === bare.replaceAll('+', '-').replaceAll('/', '_') ? bytes : undefined
}

/** What writes so many bytes, by their number. */
const KINDS: Readonly<Record<number, string>> = {
  4: `as CRC-32 and Murmur write, which are no cryptographic hashes. ${WEAK}`,
  8: `as Murmur-64 writes, which is no cryptographic hash. ${WEAK}`,
  16: `as MD5 and Murmur-128 write. ${WEAK}`,
  20: `as SHA-1 writes. ${WEAK}`,
  32: 'as SHA-256 writes: choose another format.',
  64: 'as SHA-512 writes: choose another format.',
}

function explainLength(text: string, length: number | undefined, algorithm: DigestAlgorithm): string {
  const wanted = `${BYTES[algorithm]} bytes in hexadecimal, base64 or base64url`
  if (length === undefined) return `is no digest of ${algorithm}: it must be ${wanted}.`
  const kind = KINDS[length] ?? 'which no algorithm here writes: it may be cut off, or be no digest.'
  return `has ${length} bytes and not the ${BYTES[algorithm]} of ${algorithm} (${text.length} characters), ${kind}`
}
