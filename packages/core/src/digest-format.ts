import { nearest } from './nearest.ts'

const DIGEST_ALGORITHMS = ['sha256', 'sha512', 'sha512-256', 'hmac-sha256'] as const
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number]

/** What of the text a client presents another system hashed. */
const DIGEST_INPUTS = ['whole', 'after-last-underscore', 'after-first-pipe', 'suffix-salt'] as const
export type DigestInput = (typeof DIGEST_INPUTS)[number]

/** How another system made its digests. On the wire `algorithm`, or `algorithm:input`. */
export type DigestFormat = { readonly algorithm: DigestAlgorithm; readonly input: DigestInput }

/** Reads `sha256` or `sha256:after-first-pipe`; `sha-256` and `SHA256` are the same. `detail` follows the field's name. */
export function parseDigestFormat(text: string): DigestFormat | { readonly detail: string } {
  const [name = '', inputName = 'whole', ...rest] = text.slice(0, LENGTH_MAX).trim().toLowerCase().split(':')
  const algorithm = algorithmNamed(name)
  if (algorithm === undefined) return { detail: explainAlgorithm(name) }
  const input = DIGEST_INPUTS.find((known) => known === inputName)
  if (input === undefined || rest.length > 0) return { detail: explainInput([inputName, ...rest].join(':')) }
  return { algorithm, input }
}

/** The one way to write a format: equal formats have equal names. */
export const digestFormatName = ({ algorithm, input }: DigestFormat): string =>
  input === 'whole' ? algorithm : `${algorithm}:${input}`

/** With any dashes, slashes and case. */
export function algorithmNamed(name: string): DigestAlgorithm | undefined {
  const bare = withoutMarks(name)
  return DIGEST_ALGORITHMS.find((algorithm) => withoutMarks(algorithm) === bare)
}

/** Longer than any format that there is. */
const LENGTH_MAX = 64

const NAME_SHOWN_MAX = 20

const withoutMarks = (name: string): string => name.toLowerCase().replace(/[-_/ ]/g, '')

/** Why digests made so are not taken, and what to do instead. To follow the name of its field. */
export const WEAK = 'Import the texts instead, as clients present them to the old system.'
export const SLOW =
  'is slow and salted for each key, so that no key can be found by it, and is not taken in this release: ' +
  'import the texts one by one, as clients present them to the old system.'

const REFUSED: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:murmur|crc|adler|fnv|xxh|cityhash|siphash)/,
    `is a checksum, not a cryptographic hash: other texts with the same one are found in moments. ${WEAK}`,
  ],
  [/^(?:md[245]|sha1?)$/, `is broken: two texts with one digest can be made. ${WEAK}`],
  [/^(?:django)?(?:bcrypt|argon|scrypt|pbkdf|phpass)/, SLOW],
  [/^(?:sha|blake|hmac|ripemd|whirlpool)/, `is not read in this release. ${WEAK}`],
]

function explainAlgorithm(name: string): string {
  const bare = withoutMarks(name)
  for (const [pattern, reason] of REFUSED) {
    const [family] = pattern.exec(bare) ?? []
    // What is longer than the names of algorithms are may be a key that begins like one.
    if (family !== undefined) return `${name.length <= NAME_SHOWN_MAX ? name : family} ${reason}`
  }
  const suggestion = nearest(name, DIGEST_ALGORITHMS)
  return `must begin with one of ${DIGEST_ALGORITHMS.join(', ')}${meant(suggestion)}`
}

function explainInput(name: string): string {
  const suggestion = nearest(name, DIGEST_INPUTS)
  return `must have one of ${DIGEST_INPUTS.join(', ')} after the colon${meant(suggestion)}`
}

const meant = (suggestion: string | undefined): string =>
  suggestion === undefined ? '.' : `: did you mean ${suggestion}?`
