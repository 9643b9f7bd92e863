import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type JWTHeaderParameters, SignJWT } from 'jose'
import { createSelfSigned } from './self-signed.ts'

export type Algorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA' | 'Ed25519'
type Jwk = Readonly<Record<string, unknown>>

/** Somebody else's issuer of tokens: a real key set behind real TLS. */
export type RemoteIssuer = {
  readonly url: string
  /** The certificate to trust it by, in PEM. */
  readonly ca: string
  /** How often its key set was asked for. */
  readonly fetches: () => number
  /** What the key set holds from now on. */
  readonly publish: (keys: readonly Jwk[]) => void
  /** What it answers instead; undefined: the key set. */
  readonly answerWith: (answer: ((response: ServerResponse) => void) | undefined) => void
  readonly close: () => Promise<void>
}

export async function startRemoteIssuer(): Promise<RemoteIssuer> {
  const { cert, key } = createSelfSigned()
  let keys: readonly Jwk[] = []
  let answer: ((response: ServerResponse) => void) | undefined
  let fetches = 0
  const server = createServer({ cert, key }, (_, response) => {
    fetches += 1
    if (answer === undefined) response.end(JSON.stringify({ keys }))
    else answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/jwks.json`,
    ca: cert,
    fetches: () => fetches,
    publish: (next) => {
      keys = next
    },
    answerWith: (next) => {
      answer = next
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** One of an issuer's keys: what it publishes, and how it signs. */
export type IssuerKey = {
  readonly jwk: Jwk
  readonly privateKey: KeyObject
  readonly sign: (
    claims: Readonly<Record<string, unknown>>,
    header?: Partial<JWTHeaderParameters>,
  ) => Promise<string>
}

export function createIssuerKey(kid: string, alg: Algorithm = 'ES256', modulusLength = 2_048): IssuerKey {
  const { publicKey, privateKey } = keyPair(alg, modulusLength)
  return {
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
    privateKey,
    sign: (claims, header = {}) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, typ: 'JWT', ...header }).sign(privateKey),
  }
}

function keyPair(alg: Algorithm, modulusLength: number): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (alg) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    case 'RS256':
    case 'PS256':
      return generateKeyPairSync('rsa', { modulusLength })
    case 'EdDSA':
    case 'Ed25519':
      return generateKeyPairSync('ed25519')
  }
}
