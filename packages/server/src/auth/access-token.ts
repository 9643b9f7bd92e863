import { AppError } from '@latchkey/core/error'
import type { VerifiableKey } from '@latchkey/core/key'
import { type CompiledAuthority, listPermissions } from '@latchkey/core/permission'
import type { OutsideSubject } from '@latchkey/core/principal'
import type { RandomBytes } from '@latchkey/core/random'
import { SignJWT } from 'jose'
import type { SigningKey } from './signing-key.ts'

/** Of OAuth and short-lived tokens. */
export const ACCESS_TOKEN_MS = 5 * 60 * 1_000
/** Of a session's token, renewed by its holder. */
export const SESSION_TOKEN_MS = 15 * 60 * 1_000

/** Characters. What is presented is not looked at beyond this, so nothing longer is given away. */
export const TOKEN_LENGTH_MAX = 8_192
/** Characters. RFC 9068 §2.2.3 asks for it, but it says what `perms` says: the room of those is not for it. */
const SCOPE_LENGTH_MAX = 1_000
/** Characters of addresses that a token carries at most: a third of it, in Base64. */
const ENTRIES_LENGTH_MAX = 2_000

/** `session`: stands for the session itself and may renew and end it. `access`: made from something else. */
export type TokenUse = 'session' | 'access'

export type TokenGrant = {
  readonly use: TokenUse
  /** `iss` and `aud`: where the token was asked for, or what is configured. */
  readonly issuer: string
  /** The key, session or user whose live state decides, at each use, whether the token works. */
  readonly subject: Pick<VerifiableKey, 'id' | 'userId' | 'companyId'>
  readonly authority: CompiledAuthority
  /** Names the secret of the key, with which the token ends; null: none. */
  readonly secretOrdinal: number | null
  /** The subject of the outside token that it is made from, and with which it ends; null: it is made from none. */
  readonly outside: OutsideSubject | null
  /** The addresses the key is restricted to, for whoever checks the token elsewhere; here the key itself is asked. */
  readonly entries: readonly string[] | null
  readonly nowMs: number
  readonly expiresAtMs: number
}

/** `outside` in a token: who the outside token says it is of. */
export type OutsideClaim = Pick<OutsideSubject, 'issuer' | 'company' | 'user'>

export type TokenIssuer = {
  readonly signingKey: SigningKey
  readonly randomBytes: RandomBytes
}

/**
 * Signs an access token (RFC 9068 profile, EdDSA). Throws AppError `invalid_field` when its permissions are too
 * many for one token.
 */
export async function issueToken(
  { signingKey, randomBytes }: TokenIssuer,
  grant: TokenGrant,
): Promise<string> {
  const { subject, issuer } = grant
  const perms = listPermissions(grant.authority)
  const scope = perms.join(' ')
  const token = await new SignJWT({
    client_id: subject.id,
    cid: subject.companyId,
    perms,
    ...(scope.length > SCOPE_LENGTH_MAX ? {} : { scope }),
    ips: carriedEntries(grant.entries),
    token_use: grant.use,
    ...(grant.secretOrdinal === null ? {} : { sec: grant.secretOrdinal }),
    ...(grant.outside === null ? {} : { outside: outsideClaim(grant.outside) }),
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: signingKey.kid })
    .setIssuer(issuer)
    .setAudience(issuer)
    .setSubject(subject.userId)
    .setIssuedAt(Math.floor(grant.nowMs / 1_000))
    .setExpirationTime(Math.floor(grant.expiresAtMs / 1_000))
    .setJti(Buffer.from(randomBytes(16)).toString('base64url'))
    .sign(signingKey.privateKey)
  if (token.length <= TOKEN_LENGTH_MAX) return token
  throw new AppError(
    'invalid_field',
    'The permissions are too many for one token: ask for fewer, or for whole areas such as orders:*.',
  )
}

/** The companies that the issuer speaks for are looked up at each use: they may be fewer by then. */
function outsideClaim({ issuer, company, user }: OutsideSubject): OutsideClaim {
  return { issuer, company, user }
}

/**
 * A list that is too long for a token becomes one that admits nobody: whoever checks it elsewhere refuses too much, and
 * never too little.
 */
function carriedEntries(entries: readonly string[] | null): readonly string[] | null {
  return entries !== null && entries.join().length > ENTRIES_LENGTH_MAX ? [] : entries
}
