import { createHmac, hash } from 'node:crypto'
import type { DigestFormat, DigestInput } from './digest-format.ts'

/** What a format needs besides the text; one for all digests of a format. */
export type DigestExtras = { readonly pepper?: Uint8Array; readonly salt?: Uint8Array }

/**
 * The digest another system has of a text: what `parseDigest` reads, byte for byte. undefined: of this text nothing is
 * hashed, for it ends where the hashed part would begin. No digest may stand for that, or every text that ends so would
 * be a key. Throws a TypeError when the format needs a pepper or a salt that is not given.
 */
export function digestOf(text: string, format: DigestFormat, extras: DigestExtras = {}): Buffer | undefined {
  const hashed = hashedPart(text, format.input)
  if (hashed === '') return undefined
  const bytes =
    format.input === 'suffix-salt'
      ? Buffer.concat([Buffer.from(hashed), given(extras.salt, 'salt')])
      : Buffer.from(hashed)
  return format.algorithm === 'hmac-sha256'
    ? createHmac('sha256', given(extras.pepper, 'pepper')).update(bytes).digest()
    : hash(format.algorithm, bytes, 'buffer')
}

/** The whole of a text without the mark: so do the systems that hash a part. */
function hashedPart(text: string, input: DigestInput): string {
  if (input === 'after-last-underscore') return text.slice(text.lastIndexOf('_') + 1)
  if (input === 'after-first-pipe') return text.slice(text.indexOf('|') + 1)
  return text
}

function given(bytes: Uint8Array | undefined, name: string): Uint8Array {
  if (bytes === undefined || bytes.length === 0) throw new TypeError(`digests of this format need a ${name}`)
  return bytes
}
