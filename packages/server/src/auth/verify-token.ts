import { isId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import type { OutsideSubject } from '@latchkey/core/principal'
import { errors, jwtVerify } from 'jose'
import { ACCESS_TOKEN_MS, type OutsideClaim, SESSION_TOKEN_MS, type TokenUse } from './access-token.ts'
import { claimsOf } from './genuine-claims.ts'
import type { OutsideIssuers, OutsideToken } from './outside-issuers.ts'
import type { SigningKey } from './signing-key.ts'
import { createTokenCache } from './token-cache.ts'
import { parseTokenText, type TokenText } from './token-text.ts'

/** A token of ours: whose state decides, and what it may do at most. */
type OwnToken = {
  readonly kind: 'own'
  readonly subjectId: VerifiableKey['id']
  readonly use: TokenUse
  readonly permissions: readonly string[]
  /** Of the secret of a key that it was made with; null: of none. */
  readonly secretOrdinal: number | null
  /** Whom the outside issuer's token names that it was made from; null: it was made from none. */
  readonly outside: OutsideSubject | null
  readonly expiresAtMs: number
  /** Until then the signature needs no second look, milliseconds since the epoch. */
  readonly recheckAtMs: number
}

export type VerifiedToken = OwnToken | OutsideToken

/** The longest we issue: whatever claims to live longer was not made by this code. */
const LIFETIME_MS_MAX: Readonly<Record<TokenUse, number>> = {
  session: SESSION_TOKEN_MS,
  access: ACCESS_TOKEN_MS,
}
/** Clocks of the servers of one deployment differ, and one may be set back. */
const CLOCK_TOLERANCE_MS = 60_000

type Deps = {
  readonly signingKey: SigningKey
  /** null: not configured, so that tokens name where they were asked for. */
  readonly issuer: string | null
  readonly outsideIssuers: OutsideIssuers
  readonly nowMs: () => number
}

/**
 * Verifies tokens: signature, issuer, audience and type. Whether a token is over by now, and what its key, session or
 * user may do now, is asked afterwards, at each use. undefined: not a token that counts here. Throws AppError
 * `cannot_verify` when an issuer's keys cannot be had.
 */
export function createTokenVerifier(deps: Deps): (token: string) => Promise<VerifiedToken | undefined> {
  const cache = createTokenCache<VerifiedToken>(deps.nowMs)
  return async (token) => {
    const known = cache.find(token)
    if (known !== undefined) return known
    const text = parseTokenText(token)
    if (text === undefined) return undefined
    const verified = await verifyOnce(deps, token, text)
    // What is over is not worth a place.
    if (verified !== undefined && verified.recheckAtMs > deps.nowMs()) cache.publish(token, verified)
    return verified
  }
}

async function verifyOnce(deps: Deps, token: string, text: TokenText): Promise<VerifiedToken | undefined> {
  try {
    const isOwn =
      deps.issuer === null ? text.header.kid === deps.signingKey.kid : text.claims.iss === deps.issuer
    return await (isOwn ? verifyOwn(deps, token, text) : deps.outsideIssuers.verify(token, text))
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

async function verifyOwn(
  deps: Deps,
  token: string,
  { header, claims }: TokenText,
): Promise<OwnToken | undefined> {
  if (header.kid !== deps.signingKey.kid) return undefined
  const issuer = deps.issuer ?? originIn(claims.iss)
  if (issuer === undefined) return undefined
  const payload = await claimsOf(
    jwtVerify(token, deps.signingKey.publicKey, {
      algorithms: ['EdDSA'],
      typ: 'at+jwt',
      issuer,
      audience: issuer,
      requiredClaims: ['exp', 'iat', 'sub', 'client_id'],
      currentDate: new Date(deps.nowMs()),
    }),
  )
  const {
    client_id: subjectId,
    outside: outsideClaim,
    perms,
    sec,
    token_use: use,
    exp = 0,
    iat = 0,
  } = payload
  if (typeof subjectId !== 'string' || !isSubjectId(subjectId)) return undefined
  if (!Array.isArray(perms) || (use !== 'session' && use !== 'access')) return undefined
  const issuedAtMs = iat * 1_000
  const expiresAtMs = exp * 1_000
  if (issuedAtMs > deps.nowMs() + CLOCK_TOLERANCE_MS) return undefined
  if (expiresAtMs - issuedAtMs > LIFETIME_MS_MAX[use] + CLOCK_TOLERANCE_MS) return undefined
  const outside = outsideSubject(outsideClaim as OutsideClaim | undefined, deps.outsideIssuers)
  if (outside === undefined) return undefined
  return {
    kind: 'own',
    subjectId,
    use,
    permissions: perms.map(String),
    secretOrdinal: typeof sec === 'number' ? sec : null,
    outside,
    expiresAtMs,
    recheckAtMs: expiresAtMs,
  }
}

/** null: it was made from no outside token. undefined: from one of an issuer that is not listed any more. */
function outsideSubject(
  claim: OutsideClaim | undefined,
  outsideIssuers: OutsideIssuers,
): OutsideSubject | null | undefined {
  if (claim === undefined) return null
  const companies = outsideIssuers.companiesOf(claim.issuer)
  return companies === undefined ? undefined : { ...claim, companies }
}

/** An origin as `tokenIssuerName` writes it; whoever else wrote one has no signature of ours. */
function originIn(iss: unknown): string | undefined {
  if (typeof iss !== 'string' || !URL.canParse(iss)) return undefined
  const { origin, protocol } = new URL(iss)
  return origin === iss && /^https?:$/.test(protocol) ? iss : undefined
}

function isSubjectId(text: string): text is VerifiableKey['id'] {
  return isId('key', text) || isId('ses', text) || isId('usr', text)
}
