import type { RandomBytes } from './random.ts'

/** TypeID: a kind, an underscore, and 26 characters of Crockford base32 over a UUIDv7 (RFC 9562 §5.7). */
export type Id<Kind extends string> = `${Kind}_${string}`
export type KeyId = Id<'key'>
export type UserId = Id<'usr'>
export type CompanyId = Id<'cmp'>
export type SessionId = Id<'ses'>

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const SUFFIX = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/
const SUFFIX_LENGTH = 26

/**
 * Whether `text` is a canonical TypeID of this kind: lower case, 26 characters, at most 128 bits. Version and
 * variant are not looked at; an id that was not made here is simply not found.
 */
export function isId<Kind extends string>(kind: Kind, text: string): text is Id<Kind> {
  return (
    text.length === kind.length + 1 + SUFFIX_LENGTH &&
    text.startsWith(`${kind}_`) &&
    SUFFIX.test(text.slice(-SUFFIX_LENGTH))
  )
}

const RANDOM_BITS = 74n
const RANDOM_MASK = (1n << RANDOM_BITS) - 1n

type NextId = {
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  readonly randomBytes: RandomBytes
  /**
   * An id made here, of whatever kind. The new one is greater even when the clock stood still or stepped back:
   * after the last id of a millisecond comes the first of the next.
   */
  readonly after?: Id<string>
}

/** A new id, greater as text and as bytes than `after`. Throws RangeError unless `nowMs` is a whole number. */
export function nextId<Kind extends string>(kind: Kind, { nowMs, randomBytes, after }: NextId): Id<Kind> {
  const fresh = (BigInt(nowMs) << RANDOM_BITS) | (bigIntOf(randomBytes(10)) & RANDOM_MASK)
  const last = after === undefined ? -1n : countOf(decode(after.slice(-SUFFIX_LENGTH)))
  // A random step, so that the neighbours of an id cannot be guessed.
  const count = fresh > last ? fresh : last + 1n + bigIntOf(randomBytes(4))
  return `${kind}_${encode(uuidOf(count))}`
}

/** Milliseconds since the epoch at which the id was made, as its maker's clock saw it. */
export function idTimeMs(id: Id<string>): number {
  return Number(decode(id.slice(-SUFFIX_LENGTH)) >> 80n)
}

/** 48 bits of time and 74 random bits, spread around the version and variant bits. */
function uuidOf(count: bigint): bigint {
  const timeMs = count >> RANDOM_BITS
  const high = (count >> 62n) & 0xfffn
  const low = count & ((1n << 62n) - 1n)
  return (timeMs << 80n) | (7n << 76n) | (high << 64n) | (2n << 62n) | low
}

function countOf(uuid: bigint): bigint {
  return ((uuid >> 80n) << RANDOM_BITS) | (((uuid >> 64n) & 0xfffn) << 62n) | (uuid & ((1n << 62n) - 1n))
}

/*
 * A number holds ten signs or six bytes exactly. In pieces of that length an id takes three steps with large numbers
 * instead of one a sign, and two fifths of the time.
 */
const SIGNS = 10
const SIGNS_BITS = 50n
const SIGNS_MASK = (1n << SIGNS_BITS) - 1n
const BYTES = 6
/** What a sign counts, by its code; what is no sign of an id counts something. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => ALPHABET.indexOf(String.fromCharCode(code)))

function encode(uuid: bigint): string {
  const first = signsOf(uuid >> (2n * SIGNS_BITS), SUFFIX_LENGTH - 2 * SIGNS)
  return first + signsOf((uuid >> SIGNS_BITS) & SIGNS_MASK, SIGNS) + signsOf(uuid & SIGNS_MASK, SIGNS)
}

function signsOf(piece: bigint, length: number): string {
  let rest = Number(piece)
  let text = ''
  for (let index = 0; index < length; index++) {
    text = ALPHABET[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  return text
}

function decode(suffix: string): bigint {
  const [first, second] = [SUFFIX_LENGTH - 2 * SIGNS, SUFFIX_LENGTH - SIGNS]
  const high = (numberOf(suffix, 0, first) << SIGNS_BITS) | numberOf(suffix, first, second)
  return (high << SIGNS_BITS) | numberOf(suffix, second, SUFFIX_LENGTH)
}

function numberOf(suffix: string, from: number, to: number): bigint {
  let value = 0
  for (let index = from; index < to; index++) value = value * 32 + VALUES[suffix.charCodeAt(index) & 127]!
  return BigInt(value)
}

function bigIntOf(bytes: Uint8Array): bigint {
  let value = 0n
  for (let start = 0; start < bytes.length; start += BYTES) {
    const end = Math.min(start + BYTES, bytes.length)
    let piece = 0
    for (let index = start; index < end; index++) piece = piece * 256 + bytes[index]!
    value = (value << BigInt(8 * (end - start))) | BigInt(piece)
  }
  return value
}
