import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import type { RandomBytes } from './random.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/** A key for one text, made from a word that is not stored with it: the database alone cannot open it. */
export function sealingKey(key: Uint8Array, word: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, word, 'seal', KEY_BYTES))
}

/** AES-256-GCM: nonce, tag, then the text. `name` is bound in, so that sealed texts cannot be swapped. */
export function seal(key: Uint8Array, name: Uint8Array, text: string, randomBytes: RandomBytes): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(name)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed])
}

/** Throws when key, name or bytes are not the ones it was sealed with. */
export function open(key: Uint8Array, name: Uint8Array, sealed: Uint8Array): string {
  const nonce = sealed.subarray(0, NONCE_BYTES)
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(name).setAuthTag(tag)
  const text = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
  return text.toString('utf8')
}
