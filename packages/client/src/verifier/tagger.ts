import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { Secret } from '@latchkey/core/secret'
import { findCrypto } from '../builtin.ts'
import { JUDGED_ELSEWHERE } from './judged-elsewhere.ts'

const KEY_BYTES = 32
/** No key is longer, whoever made it. */
const TEXT_BYTES_MAX = 512

/**
 * Makes what a secret is found by in memory: a hash under a key that is drawn here and never leaves. undefined: there is
 * no hash without a promise, or nothing goes on between requests. Throws JUDGED_ELSEWHERE for a text that can be no key.
 */
export function createTagger(): ((secret: Secret) => Fingerprint) | undefined {
  const crypto = findCrypto()
  // A Worker of Cloudflare has the hash, and follows nothing between two requests.
  if (crypto?.hash === undefined || 'WebSocketPair' in globalThis) return undefined
  const { hash, randomBytes } = crypto
  const buffer = Buffer.alloc(KEY_BYTES + TEXT_BYTES_MAX)
  buffer.set(randomBytes(KEY_BYTES))
  // Keys of one service have one length, or two: the view over it is made once.
  let view = buffer.subarray(0, KEY_BYTES)
  return (secret) => {
    const text = secret.reveal()
    // What takes more bytes than it has characters is not of the characters that keys are made of.
    if (text.length > TEXT_BYTES_MAX || buffer.write(text, KEY_BYTES) !== text.length) throw JUDGED_ELSEWHERE
    if (view.length !== KEY_BYTES + text.length) view = buffer.subarray(0, KEY_BYTES + text.length)
    return hash('sha256', view, 'latin1' as 'binary') as Fingerprint
  }
}
