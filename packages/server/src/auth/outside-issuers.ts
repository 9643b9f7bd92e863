import type { Agent } from 'node:https'
import { AppError } from '@latchkey/core/error'
import type { OutsideName, OutsideSubject, SpokenFor } from '@latchkey/core/principal'
import { type CryptoKey, errors, type JWTPayload, jwtVerify } from 'jose'
import { claimsOf } from './genuine-claims.ts'
import { createJwks, type Jwks } from './jwks.ts'
import type { TokenText } from './token-text.ts'

/** Where a claim of an outside token is looked up: as our id, or as the id that the host application gave. */
type ClaimLink = { readonly claim: string; readonly by: 'id' | 'externalId' }

export type IssuerConfig = {
  readonly issuer: string
  readonly audience: string
  /** The claim that has to name the audience: `aud`, unless the issuer calls it otherwise. */
  readonly audienceClaim: string
  readonly algorithms: readonly string[]
  readonly jwksUrl: string
  /** Seconds from `iat` to `exp` at most. */
  readonly maxLifetimeSeconds: number
  readonly companies: SpokenFor
  /** Absent: every token is of the one company named in `companies`. */
  readonly company?: ClaimLink
  readonly user: ClaimLink
  /** Certificates to trust for `jwksUrl`, in PEM; absent: the system's. */
  readonly ca?: string
}

/** A verified token of an outside issuer: what it calls its company and its user. */
export type OutsideToken = OutsideSubject & {
  readonly kind: 'outside'
  /** Until when it counts here: its own end, and what clocks may differ. */
  readonly expiresAtMs: number
  /** When the signature is looked at again, so that a key the issuer withdrew stops counting. */
  readonly recheckAtMs: number
}

export type OutsideIssuers = {
  /**
   * A genuine token, which may be over. undefined: no issuer of that name, or not a token for us. Throws AppError
   * `cannot_verify`.
   */
  verify(token: string, text: TokenText): Promise<OutsideToken | undefined>
  /** undefined: no issuer of that name is listed. */
  companiesOf(issuer: string): SpokenFor | undefined
}

/** Told why a token is refused, in words of ours and of the issuers file: nothing of the token itself. */
export type OutsideRefusals = { note(issuer: string | null, reason: string): void }

type Deps = {
  readonly nowMs: () => number
  readonly monotonicMs: () => number
  readonly refusals: OutsideRefusals
  /** What the key sets are fetched through. */
  readonly agent: Agent
}

type Known = { readonly config: IssuerConfig; readonly jwks: Jwks }
/** `answer`: what the caller is told instead of what everybody is told. */
type Refusal = { readonly refusal: string; readonly answer?: AppError }

/** Clocks of two companies differ, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 5

/** Algorithms, keys, audience, companies and claims are bound to the issuer's name: nothing of one counts for another. */
export function createOutsideIssuers(configs: readonly IssuerConfig[], deps: Deps): OutsideIssuers {
  const { monotonicMs, agent, refusals } = deps
  const issuers = new Map<string, Known>(
    configs.map((config) => {
      const { jwksUrl: url, ca, algorithms } = config
      return [config.issuer, { config, jwks: createJwks({ url, ca, agent, algorithms, monotonicMs }) }]
    }),
  )
  return {
    async verify(token, text) {
      const { iss } = text.claims
      const known = typeof iss === 'string' ? issuers.get(iss) : undefined
      if (known === undefined) {
        if (issuers.size > 0) refusals.note(null, unlisted(iss, issuers))
        return undefined
      }
      const verified = await verifyWith(known, token, text, deps.nowMs()).catch(refusalOf)
      if (!('refusal' in verified)) {
        if (verified.expiresAtMs <= deps.nowMs()) refusals.note(known.config.issuer, 'exp is over')
        return verified
      }
      refusals.note(known.config.issuer, verified.refusal)
      if (verified.answer !== undefined) throw verified.answer
      return undefined
    },
    companiesOf: (issuer) => issuers.get(issuer)?.config.companies,
  }
}

/** This mistake is the commonest, so it is named. */
function unlisted(iss: unknown, issuers: ReadonlyMap<string, Known>): string {
  if (typeof iss !== 'string') return 'iss is missing'
  const other = iss.endsWith('/') ? iss.slice(0, -1) : `${iss}/`
  return issuers.has(other)
    ? `iss differs from ${other} of the issuers file by the slash at its end`
    : 'iss is not an issuer of the issuers file'
}

/** Throws an error that is not known to happen. The messages of jose hold no value of the token. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof AppError) {
    return { refusal: `the key set cannot be had: ${String(error.cause)}`, answer: error }
  }
  if (error instanceof errors.JWTClaimValidationFailed) return { refusal: `${error.claim}: ${error.reason}` }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return { refusal: 'the signature is not by the key that kid names' }
  }
  throw error
}

async function verifyWith(
  { config, jwks }: Known,
  token: string,
  { header, claims }: TokenText,
  nowMs: number,
): Promise<OutsideToken | Refusal> {
  const { alg, kid, typ } = header
  // Looked at before any key is: a token that names another algorithm causes no request.
  if (typeof alg !== 'string' || !config.algorithms.includes(alg)) {
    return { refusal: `alg is none of ${config.algorithms.join(', ')}` }
  }
  if (kid !== undefined && typeof kid !== 'string') return { refusal: 'kid is no text' }
  if (typ !== undefined && !/^(application\/)?(at\+)?jwt$/i.test(String(typ))) {
    return { refusal: 'typ is neither JWT nor at+jwt' }
  }
  const { audience, audienceClaim } = config
  if (!namesAudience(ownClaim(claims, audienceClaim), audience)) {
    return { refusal: `${audienceClaim} does not name the audience ${audience}` }
  }
  const found = await jwks.find(kid, alg)
  if (found === undefined) {
    return { refusal: 'kid names no key of the key set that fits its algorithm' }
  }
  const payload = await verifySigned(config, token, found.key, nowMs)
  return read(config, payload, nowMs, found.believedMs)
}

async function verifySigned(
  config: IssuerConfig,
  token: string,
  key: CryptoKey,
  nowMs: number,
): Promise<JWTPayload> {
  return claimsOf(
    jwtVerify(token, key, {
      algorithms: [...config.algorithms],
      issuer: config.issuer,
      requiredClaims: ['exp', 'iat'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs),
    }),
  )
}

function read(
  config: IssuerConfig,
  payload: JWTPayload,
  nowMs: number,
  believedMs: number,
): OutsideToken | Refusal {
  const { exp = 0, iat = 0 } = payload
  const { issuer, companies, maxLifetimeSeconds } = config
  if (iat > nowMs / 1_000 + CLOCK_TOLERANCE_SECONDS) return { refusal: 'iat is in the future' }
  if (exp - iat > maxLifetimeSeconds) {
    return { refusal: `exp is more than maxLifetimeSeconds (${maxLifetimeSeconds}) after iat` }
  }
  const company = config.company === undefined ? onlyCompany(companies) : claimOf(payload, config.company)
  if (company === undefined) return { refusal: `${config.company?.claim}, the company, is no text` }
  const user = claimOf(payload, config.user)
  if (user === undefined) return { refusal: `${config.user.claim}, the user, is no text` }
  const expiresAtMs = (exp + CLOCK_TOLERANCE_SECONDS) * 1_000
  return {
    kind: 'outside',
    issuer,
    companies,
    company,
    user,
    expiresAtMs,
    recheckAtMs: Math.min(expiresAtMs, nowMs + believedMs),
  }
}

/** RFC 7519 §4.1.3: one text, or a list of them. */
function namesAudience(claim: unknown, audience: string): boolean {
  return claim === audience || (Array.isArray(claim) && claim.includes(audience))
}

function onlyCompany({ named }: SpokenFor): OutsideName | undefined {
  const [value] = named
  return value === undefined ? undefined : { by: 'either', value }
}

function claimOf(payload: JWTPayload, { claim, by }: ClaimLink): OutsideName | undefined {
  const value = ownClaim(payload, claim)
  return typeof value === 'string' && value !== '' ? { by, value } : undefined
}

const ownClaim = (payload: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(payload, name) ? payload[name] : undefined
