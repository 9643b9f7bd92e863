import { generateKeyPairSync, sign } from 'node:crypto'

/** A certificate that vouches for itself, for `localhost` and no other name, with its key; both in PEM. */
export type SelfSigned = { readonly cert: string; readonly key: string }

/** X.509 v3 (RFC 5280 §4.1), ECDSA with SHA-256: made anew, so that no key lies in the repository. */
export function createSelfSigned(): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from('Latchkey test issuer')))))
  const names = sequence(der(0x82, Buffer.from('localhost')))
  const isAuthority = der(0x01, Buffer.from([0xff]))
  const content = sequence(
    der(0xa0, integer(2)),
    integer(1),
    ECDSA_SHA256,
    name,
    sequence(utcTime('200101000000Z'), utcTime('491231235959Z')),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(
      0xa3,
      sequence(
        sequence(oid('551d11'), der(0x04, names)),
        sequence(oid('551d13'), isAuthority, der(0x04, sequence(isAuthority))),
      ),
    ),
  )
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', content, privateKey)]))
  const base64 = sequence(content, ECDSA_SHA256, signature).toString('base64')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}

/** Tag, length, contents; lengths below 65,536. */
function der(tag: number, contents: Buffer): Buffer {
  const { length } = contents
  const size = length < 128 ? [length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), contents])
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts))
const integer = (value: number): Buffer => der(0x02, Buffer.from([value]))
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))
const utcTime = (text: string): Buffer => der(0x17, Buffer.from(text))
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'))
