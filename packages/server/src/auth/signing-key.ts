import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

export type SigningKey = {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** Thumbprint of the public key (RFC 7638). */
  readonly kid: string
  /** For the key set at /.well-known/jwks.json (RFC 7517, RFC 8037). */
  readonly jwk: Readonly<Record<string, string>>
}

/** PKCS #8 of an Ed25519 key up to its 32-byte seed (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The Ed25519 key pair of a 32-byte seed: nothing of it is stored. */
export function createSigningKey(seed: Uint8Array): SigningKey {
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const publicKey = createPublicKey(privateKey)
  const { x = '' } = publicKey.export({ format: 'jwk' })
  const thumbprint = JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x })
  const kid = createHash('sha256').update(thumbprint).digest('base64url')
  return { privateKey, publicKey, kid, jwk: { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' } }
}
