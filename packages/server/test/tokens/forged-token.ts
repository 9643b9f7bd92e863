import { sign } from 'node:crypto'
import type { TestService } from '../harness.ts'

/** Where the requests of the tests are sent. */
export const ASKED_ISSUER = 'http://localhost'

/** What a forger decides about a token. A part given as text is taken as it is, valid JSON or not. */
export type Forgery = {
  /** Over those of a good token; undefined leaves one out. */
  readonly header?: Readonly<Record<string, unknown>> | string
  readonly claims?: Readonly<Record<string, unknown>> | string
  /** Absent: the service's own key, so that nothing but the change above is wrong. */
  readonly sign?: (input: string) => Uint8Array
}

/** A token of this service in every respect but the changes. Without any it is a good one. */
export function forge(server: TestService, { header, claims, ...rest }: Forgery = {}): string {
  const { signingKey } = server.services.tokenIssuer
  const issuer = server.services.config.publicUrl ?? ASKED_ISSUER
  const nowSeconds = Math.floor(server.services.clock.nowMs() / 1_000)
  const ownHeader = { alg: 'EdDSA', typ: 'at+jwt', kid: signingKey.kid }
  const ownClaims = {
    client_id: server.admin.keyId,
    cid: server.admin.companyId,
    perms: ['*'],
    ips: null,
    token_use: 'access',
    iss: issuer,
    aud: issuer,
    sub: server.admin.userId,
    iat: nowSeconds,
    exp: nowSeconds + 300,
    jti: 'forged',
  }
  const input = `${encode(ownHeader, header)}.${encode(ownClaims, claims)}`
  const signature = rest.sign?.(input) ?? sign(null, Buffer.from(input), signingKey.privateKey)
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

function encode(own: object, changes: Forgery['claims'] = {}): string {
  const text = typeof changes === 'string' ? changes : JSON.stringify({ ...own, ...changes })
  return Buffer.from(text).toString('base64url')
}
