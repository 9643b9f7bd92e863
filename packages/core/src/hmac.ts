import { createHmac, hash } from 'node:crypto'

const BLOCK_BYTES = 64
const HASH_BYTES = 32
/** What is hashed in one piece: an audit event of a key takes some 400 bytes. */
const ROOM_BYTES = 2_048
/** Of one character of a text, in UTF-8: one beyond the first 65,536 counts as two. */
const CHARACTER_BYTES_MAX = 3

type Part = string | Uint8Array

/**
 * HMAC-SHA-256 (RFC 2104) under `key` over parts, one after the other; a text counts as UTF-8. What is short is hashed in two
 * calls over buffers that begin with the padded key, and given back as text, which makes no memory of its own: a fifth of the
 * cost of createHmac. Not re-entrant, which nothing synchronous needs.
 */
export function createHmacSha256(key: Uint8Array): (...parts: readonly Part[]) => Buffer {
  const inner = paddedKey(key, 0x36, ROOM_BYTES)
  const outer = paddedKey(key, 0x5c, HASH_BYTES)
  return (...parts) => {
    const end = write(inner, parts)
    if (end === undefined) return long(key, parts)
    outer.write(hash('sha256', inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'latin1')
    return Buffer.from(hash('sha256', outer, 'binary'), 'latin1')
  }
}

/** Where the parts end behind the key; undefined: they may not all have room. */
function write(inner: Buffer, parts: readonly Part[]): number | undefined {
  let end = BLOCK_BYTES
  for (const part of parts) {
    const bytesMax = typeof part === 'string' ? part.length * CHARACTER_BYTES_MAX : part.length
    if (end + bytesMax > inner.length) return undefined
    if (typeof part === 'string') end += inner.write(part, end)
    else {
      inner.set(part, end)
      end += part.length
    }
  }
  return end
}

function long(key: Uint8Array, parts: readonly Part[]): Buffer {
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** A key as HMAC puts it before a text, and room for the text. */
export function paddedKey(key: Uint8Array, pad: number, roomBytes: number): Buffer {
  const short = key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key
  const buffer = Buffer.alloc(BLOCK_BYTES + roomBytes)
  buffer.fill(pad, 0, BLOCK_BYTES)
  for (const [index, byte] of short.entries()) buffer[index] = byte ^ pad
  return buffer
}
