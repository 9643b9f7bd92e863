import { hash, timingSafeEqual } from 'node:crypto'
import { paddedKey } from './hmac.ts'
import type { Secret } from './secret.ts'

/** 32 latin1 characters: the 32 bytes of a keyed hash. How a key is stored and found. */
export type Fingerprint = string & { readonly __brand: 'fingerprint' }

export const FINGERPRINT_LENGTH = 32

const BLOCK_BYTES = 64
const HASH_BYTES = 32
const TEXT_BYTES_MAX = 128

/** Writes without the checks of `write`; Node has it, its types do not. */
type Latin1Buffer = Buffer & { latin1Write(text: string, offset: number): number }

/**
 * HMAC-SHA-256 (RFC 2104) of a secret under `key`, made of two one-shot hashes over reused buffers that begin
 * with the padded key: a fifth of the cost of createHmac. Not re-entrant, which nothing synchronous needs.
 */
export function createFingerprinter(key: Uint8Array): (secret: Secret) => Fingerprint {
  const inner = paddedKey(key, 0x36, TEXT_BYTES_MAX) as Latin1Buffer
  const outer = paddedKey(key, 0x5c, HASH_BYTES) as Latin1Buffer
  // Secrets of one deployment have one length, or two: the view over it is made once.
  let message = inner.subarray(0, BLOCK_BYTES)
  return (secret) => {
    const text = secret.reveal()
    if (text.length > TEXT_BYTES_MAX) throw new RangeError('the secret is longer than any this service makes')
    if (message.length !== BLOCK_BYTES + text.length) message = inner.subarray(0, BLOCK_BYTES + text.length)
    inner.latin1Write(text, BLOCK_BYTES)
    outer.latin1Write(hash('sha256', message, 'binary'), BLOCK_BYTES)
    return hash('sha256', outer, 'binary') as Fingerprint
  }
}

/** The 32 bytes, as they are stored. */
export const fingerprintBytes = (fingerprint: string): Buffer => Buffer.from(fingerprint, 'latin1')

/** The reverse of fingerprintBytes. Trusts that there are 32. */
export function fingerprintFromBytes(bytes: Uint8Array): Fingerprint {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') as Fingerprint
}

/**
 * 32 bits of it, to place it in a table of numbers. Different fingerprints may have the same: whoever finds
 * something by it compares the whole.
 */
export function fingerprintNumber(fingerprint: Fingerprint): number {
  return (
    fingerprint.charCodeAt(0) |
    (fingerprint.charCodeAt(1) << 8) |
    (fingerprint.charCodeAt(2) << 16) |
    (fingerprint.charCodeAt(3) << 24)
  )
}

/** Takes the same time wherever they differ. */
export function fingerprintsEqual(left: Fingerprint, right: Fingerprint): boolean {
  return timingSafeEqual(fingerprintBytes(left), fingerprintBytes(right))
}
