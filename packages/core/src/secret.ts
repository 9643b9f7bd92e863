import { crc32 } from 'node:zlib'
import type { RandomBytes } from './random.ts'

export type Mode = 'live' | 'test'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 62^43 > 2^256. */
const RANDOM_LENGTH = 43
/** 62^6 > 2^32. */
const CHECKSUM_LENGTH = 6
// Both are marked as pure: a bundler leaves out of the client what only the service makes use of.
/** What a character of the alphabet counts, by its code; -1: none of it. */
const DIGITS = /* @__PURE__ */ Int8Array.from({ length: 128 }, (_, code) =>
  ALPHABET.indexOf(String.fromCharCode(code)),
)
/** CRC-32 a byte at a time (RFC 1952 §8). */
const CRC_STEPS = /* @__PURE__ */ Int32Array.from({ length: 256 }, (_, byte) => {
  let step = byte
  for (let bit = 0; bit < 8; bit++) step = step & 1 ? (step >>> 1) ^ 0xedb88320 : step >>> 1
  return step
})

/** The plaintext of a key. Prints as `[secret]`; only `reveal` gives it away. */
export class Secret {
  readonly #text: string
  readonly mode: Mode

  constructor(text: string, mode: Mode) {
    this.#text = text
    this.mode = mode
  }

  /** The plaintext: to derive from it, and to show it the one time it is shown. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}

/** undefined unless prefix, mode, length, alphabet and checksum are right: a typo costs no look-up. */
export function parseSecret(text: string, prefix: string): Secret | undefined {
  const bodyStart = prefix.length + 6
  if (text.length !== bodyStart + RANDOM_LENGTH + CHECKSUM_LENGTH || !text.startsWith(prefix))
    return undefined
  const mode = modeAt(text, prefix.length)
  return mode !== undefined && isSound(text, bodyStart) ? new Secret(text, mode) : undefined
}

/**
 * Whether all from `bodyStart` on is of the alphabet, and ends with the checksum of what is before. Every
 * verification begins here: one pass costs a quarter of what a pattern, two slices and zlib's crc32 do.
 */
function isSound(text: string, bodyStart: number): boolean {
  const checksumStart = text.length - CHECKSUM_LENGTH
  let crc = -1
  let sum = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    const digit = DIGITS[code] ?? -1
    if (digit < 0 && index >= bodyStart) return false
    if (index < checksumStart) crc = CRC_STEPS[(crc ^ code) & 0xff]! ^ (crc >>> 8)
    else sum = sum * 62 + digit
  }
  return sum === ~crc >>> 0
}

function modeAt(text: string, index: number): Mode | undefined {
  if (text.startsWith('_live_', index)) return 'live'
  return text.startsWith('_test_', index) ? 'test' : undefined
}

type Generate = { readonly prefix: string; readonly mode: Mode; readonly randomBytes: RandomBytes }

/** `<prefix>_<mode>_`, 43 random base62 characters (256 bits), 6 base62 characters of CRC-32 over all before. */
export function generateSecret({ prefix, mode, randomBytes }: Generate): Secret {
  let body = `${prefix}_${mode}_`
  const length = body.length + RANDOM_LENGTH
  while (body.length < length) {
    for (const byte of randomBytes(RANDOM_LENGTH)) {
      // 248 is the largest multiple of 62 in a byte: what is above would favour the first characters.
      if (byte < 248 && body.length < length) body += ALPHABET[byte % 62]
    }
  }
  return new Secret(body + checksum(body), mode)
}

function checksum(body: string): string {
  let value = crc32(body)
  let text = ''
  for (let index = 0; index < CHECKSUM_LENGTH; index++) {
    text = ALPHABET[value % 62] + text
    value = Math.floor(value / 62)
  }
  return text
}

/** What the prefix setting may be: 1 to 16 of a-z and 0-9, a letter first. */
export const isKeyPrefix = (text: string): boolean => /^[a-z][a-z0-9]{0,15}$/.test(text)
