import { type JWTPayload, errors as joseErrors, jwtVerify } from 'jose'
import { createJwks, type Jwks } from './jwks.ts'
import type { TokenText } from './token-text.ts'

/** Where a claim of an outside token is looked up: as our id, or as the id that the host application gave. */
export type ClaimLink = { readonly claim: string; readonly by: 'id' | 'externalId' }

export type IssuerConfig = {
  readonly issuer: string
  readonly audience: string
  readonly algorithms: readonly string[]
  readonly jwksUrl: string
  /** Seconds from `iat` to `exp` at most. */
  readonly maxLifetimeSeconds: number
  readonly company: ClaimLink
  readonly user: ClaimLink
  /** Certificates to trust for `jwksUrl`, in PEM; absent: the system's. */
  readonly ca?: string
}

/** A verified token of an outside issuer: what it calls its company and its user. */
export type OutsideToken = {
  readonly kind: 'outside'
  readonly company: ClaimValue
  readonly user: ClaimValue
  readonly expiresAtMs: number
  /** When the signature is looked at again, so that a key the issuer withdrew stops counting. */
  readonly recheckAtMs: number
}

type ClaimValue = { readonly by: ClaimLink['by']; readonly value: string }

export type OutsideIssuers = {
  /** undefined: no issuer of that name, or not a token for us. Throws JOSEError, AppError `cannot_verify`. */
  verify(token: string, text: TokenText): Promise<OutsideToken | undefined>
}

const RECHECK_MS = 10 * 60 * 1_000
/** Clocks of two companies differ, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 5

type Clocks = { readonly nowMs: () => number; readonly monotonicMs: () => number }

/** Algorithms, keys, audience and claims are bound to the issuer's name: nothing of one counts for another. */
export function createOutsideIssuers(configs: readonly IssuerConfig[], clocks: Clocks): OutsideIssuers {
  const issuers = new Map(
    configs.map((config) => {
      const { jwksUrl: url, ca, algorithms } = config
      return [
        config.issuer,
        { config, jwks: createJwks({ url, ca, algorithms, monotonicMs: clocks.monotonicMs }) },
      ]
    }),
  )
  return {
    async verify(token, text) {
      const known = typeof text.claims.iss === 'string' ? issuers.get(text.claims.iss) : undefined
      return known === undefined ? undefined : verifyWith(known, token, text, clocks.nowMs())
    },
  }
}

async function verifyWith(
  { config, jwks }: { readonly config: IssuerConfig; readonly jwks: Jwks },
  token: string,
  { header }: TokenText,
  nowMs: number,
): Promise<OutsideToken | undefined> {
  const { alg, kid, typ } = header
  // Looked at before any key is: a token that names another algorithm causes no request.
  if (typeof alg !== 'string' || !config.algorithms.includes(alg)) return undefined
  if (kid !== undefined && typeof kid !== 'string') return undefined
  if (typ !== undefined && !/^(application\/)?(at\+)?jwt$/i.test(String(typ))) return undefined
  const key = await jwks.find(kid, alg)
  if (key === undefined) return undefined
  const { payload } = await jwtVerify(token, key, {
    algorithms: [...config.algorithms],
    issuer: config.issuer,
    audience: config.audience,
    requiredClaims: ['exp', 'iat'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: new Date(nowMs),
  })
  return read(config, payload, nowMs)
}

function read(config: IssuerConfig, payload: JWTPayload, nowMs: number): OutsideToken | undefined {
  const { exp = 0, iat = 0 } = payload
  const nowSeconds = nowMs / 1_000
  if (iat > nowSeconds + CLOCK_TOLERANCE_SECONDS) throw new joseErrors.JWTInvalid('issued in the future')
  if (exp - iat > config.maxLifetimeSeconds) throw new joseErrors.JWTInvalid('lives longer than allowed')
  const company = claimOf(payload, config.company)
  const user = claimOf(payload, config.user)
  if (company === undefined || user === undefined) return undefined
  const expiresAtMs = exp * 1_000
  return {
    kind: 'outside',
    company,
    user,
    expiresAtMs,
    recheckAtMs: Math.min(expiresAtMs, nowMs + RECHECK_MS),
  }
}

function claimOf(payload: JWTPayload, { claim, by }: ClaimLink): ClaimValue | undefined {
  const value = Object.hasOwn(payload, claim) ? payload[claim] : undefined
  return typeof value === 'string' && value !== '' ? { by, value } : undefined
}
