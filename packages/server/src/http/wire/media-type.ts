import { parse } from 'content-type'

/** A media type as a header declares it (RFC 9110 §8.3.1). Parameters that do not change what the bytes mean are gone. */
export type MediaType = {
  /** In lower case; perhaps no media type at all. */
  readonly type: string
  readonly charset: Charset
}

/**
 * What a charset parameter says of the bytes: nothing, or UTF-8, of which ASCII is a part; anything else, by the name
 * that was sent.
 */
type Charset = 'utf-8' | { readonly other: string }

/** The one reader of media types, of what comes with Content-Type and of what Accept asks for. */
export function parseMediaType(header: string): MediaType {
  const { type, parameters } = parse(header)
  return { type, charset: charsetOf(parameters.charset ?? '') }
}

/** Beyond the names that the Encoding standard has for UTF-8, those of ASCII, which it takes for something wider. */
const ASCII_NAMES = ['ascii', 'us-ascii', 'us', 'iso646-us', 'ansi_x3.4-1968', 'iso-ir-6']

function charsetOf(text: string): Charset {
  // Some clients quote with the wrong sign.
  const name = text.replace(/^'(.*)'$/, '$1').toLowerCase()
  if (name === '' || name === 'utf-8' || ASCII_NAMES.includes(name) || isUtf8(name)) return 'utf-8'
  return { other: name }
}

function isUtf8(name: string): boolean {
  try {
    return new TextDecoder(name).encoding === 'utf-8'
  } catch {
    return false
  }
}

/** Longest first, so that the range that says most about JSON decides (RFC 9110 §12.5.1). */
const JSON_RANGES = [
  ['application/json', 'application/problem+json', 'application/*+json'],
  ['application/*'],
  ['*/*', '*'],
]

/** Whether an Accept header (its lines joined by commas) leaves room for JSON. No header, or one that says nothing, does. */
export function acceptsJson(accept: string): boolean {
  if (accept === '' || accept === '*/*' || accept === 'application/json') return true
  const weights = weightsOf(accept)
  if (weights.size === 0) return true
  for (const ranges of JSON_RANGES) {
    const named = ranges.flatMap((range) => weights.get(range) ?? [])
    if (named.length > 0) return named.some((weight) => weight > 0)
  }
  return false
}

/** The highest weight of each range. Other parameters (charset, version, odata) make JSON no less acceptable. */
function weightsOf(accept: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (let start = 0; start < accept.length; ) {
    const { type, parameters, index } = parse(accept, { comma: true, start })
    start = index + 1
    if (type === '') continue
    const quality = Number.parseFloat(parameters.q ?? '1')
    const weight = Number.isNaN(quality) ? 1 : quality
    weights.set(type, Math.max(weight, weights.get(type) ?? 0))
  }
  return weights
}
