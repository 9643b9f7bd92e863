import type { VerifiableKey } from '@latchkey/core/key'
import { type CompiledAuthority, listPermissions } from '@latchkey/core/permission'
import type { RandomBytes } from '@latchkey/core/random'
import { SignJWT } from 'jose'
import type { SigningKey } from './signing-key.ts'

/** Of OAuth and short-lived tokens. */
export const ACCESS_TOKEN_MS = 5 * 60 * 1_000
/** Of a session's token, renewed by its holder. */
export const SESSION_TOKEN_MS = 15 * 60 * 1_000

/** `session`: stands for the session itself and may renew and end it. `access`: made from something else. */
export type TokenUse = 'session' | 'access'

export type TokenGrant = {
  readonly use: TokenUse
  /** The key, session or user whose live state decides, at each use, whether the token works. */
  readonly subject: Pick<VerifiableKey, 'id' | 'userId' | 'companyId'>
  readonly authority: CompiledAuthority
  /** The key's restriction, for whoever reads the token elsewhere; here the key itself is asked. */
  readonly entries: readonly string[] | null
  readonly nowMs: number
  readonly expiresAtMs: number
}

export type TokenIssuer = {
  readonly signingKey: SigningKey
  /** `iss` and `aud` of our tokens, and the issuer of the OAuth metadata. */
  readonly issuer: string
  readonly randomBytes: RandomBytes
}

/** Signs an access token (RFC 9068 profile, EdDSA). */
export async function issueToken(
  { signingKey, issuer, randomBytes }: TokenIssuer,
  grant: TokenGrant,
): Promise<string> {
  const { subject } = grant
  return new SignJWT({
    client_id: subject.id,
    cid: subject.companyId,
    perms: listPermissions(grant.authority),
    ips: grant.entries,
    token_use: grant.use,
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: signingKey.kid })
    .setIssuer(issuer)
    .setAudience(issuer)
    .setSubject(subject.userId)
    .setIssuedAt(Math.floor(grant.nowMs / 1_000))
    .setExpirationTime(Math.floor(grant.expiresAtMs / 1_000))
    .setJti(Buffer.from(randomBytes(16)).toString('base64url'))
    .sign(signingKey.privateKey)
}
