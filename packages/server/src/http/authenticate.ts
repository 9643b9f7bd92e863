import type { IncomingMessage } from 'node:http'
import { type Address, formatAddress } from '@latchkey/core/address'
import { AppError, type ErrorCode } from '@latchkey/core/error'
import type { Attempt } from '@latchkey/core/evaluate'
import { type CompanyId, isId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import { type MaybePromise, whenKnown } from '@latchkey/core/maybe-promise'
import { NOT_FOUND, type Outcome, type OutcomeCode } from '@latchkey/core/outcome'
import { narrow } from '@latchkey/core/permission'
import type { Principal } from '@latchkey/core/principal'
import { parseSecret, type Secret } from '@latchkey/core/secret'
import { findOutsideUser } from '../auth/find-subject.ts'
import type { Services } from '../services.ts'
import { type Credential, readCredential } from './credential.ts'
import type { FailedAttempts } from './failed-attempts.ts'

export type AuthenticateDeps = Pick<
  Services,
  'verifier' | 'verifyToken' | 'engine' | 'usage' | 'clock' | 'config' | 'metrics'
> & {
  readonly failedAttempts: FailedAttempts
}

/** A credential proves who somebody is; what it permits is asked of whom it proves. */
const NONE_ASKED: readonly string[] = []

/**
 * Who the request's credential proves it to be. Throws AppError: 400 when the credential is ambiguous, 401
 * when there is none or it is refused, 403 when it may not be used from here, 429 after too many failures.
 * `visibleTo`: the company whose credentials count; null: all. Another's is as wrong as none.
 */
export function authenticate(
  deps: AuthenticateDeps,
  request: IncomingMessage,
  address: Address | undefined,
  visibleTo: CompanyId | null = null,
): MaybePromise<Principal> {
  const credential = readCredential(request)
  if (credential === undefined) {
    throw new AppError(
      'missing_credentials',
      'Send a key: X-API-KEY: <key>, or a key or token: Authorization: Bearer <key or token>.',
    )
  }
  const use: Attempt = { visibleTo, address, permissions: NONE_ASKED, nowMs: deps.clock.nowMs() }
  const secret = parseSecret(credential.text, deps.config.keyPrefix)
  return secret === undefined
    ? authenticateToken(deps, credential, use)
    : authenticateSecret(deps, secret, use)
}

/**
 * Who a secret proves its holder to be. `isExpected` decides on the key's id; another key's secret is as wrong
 * as none. Throws AppError, as `authenticate`.
 */
export function authenticateSecret(
  deps: AuthenticateDeps,
  secret: Secret | undefined,
  use: Attempt,
  isExpected: (id: string) => boolean = () => true,
): MaybePromise<Principal> {
  return whenKnown(secret === undefined ? NOT_FOUND : deps.verifier.verify(secret, use), (outcome) => {
    if (outcome.key !== undefined && !isExpected(outcome.key.id)) {
      throw refuseUnknown(deps.failedAttempts, use)
    }
    return principalOf(accept(deps, outcome, use))
  })
}

/** A token counts as long as the key, session or user behind it does: the same engine is asked, by id. */
async function authenticateToken(
  deps: AuthenticateDeps,
  { scheme, text }: Credential,
  use: Attempt,
): Promise<Principal> {
  const token = scheme === 'bearer' ? await deps.verifyToken(text) : undefined
  if (token === undefined) throw refuseUnknown(deps.failedAttempts, use)
  const subjectId = token.kind === 'own' ? token.subjectId : await findOutsideUser(deps.engine, token)
  const outcome = subjectId === undefined ? NOT_FOUND : await deps.verifier.verifyById(subjectId, use)
  const key = accept(deps, outcome, use)
  const whole = principalOf(key)
  const expiring = { ...whole, expiresAtMs: token.expiresAtMs }
  if (token.kind === 'outside') return expiring
  return {
    ...expiring,
    isDerived: token.use === 'access',
    authority: narrow(key.authority, token.permissions),
  }
}

/** The key of an accepted use, which is noted. */
function accept(
  deps: Pick<AuthenticateDeps, 'failedAttempts' | 'metrics' | 'usage'>,
  outcome: Outcome,
  use: Attempt,
): VerifiableKey {
  deps.metrics.verdictGiven(outcome.code)
  if (outcome.key === undefined) throw refuseUnknown(deps.failedAttempts, use)
  if (outcome.code !== 'VALID') throw refusalError(outcome, use.address)
  deps.usage.note(outcome.key.id, use.nowMs, use.address)
  return outcome.key
}

/** Charges a failed credential to where it came from, and answers what the caller is told. */
export function refuseUnknown(
  failedAttempts: FailedAttempts,
  { address, nowMs }: Pick<Attempt, 'address' | 'nowMs'>,
): AppError {
  const retryAfterSeconds = failedAttempts.note(address, nowMs)
  if (retryAfterSeconds === undefined) {
    return new AppError('invalid_credentials', 'The credential is not valid: check that it was copied whole.')
  }
  return new AppError('rate_limited', 'Too many failed credentials came from your address.', {
    retryAfterSeconds,
  })
}

const REFUSALS: Readonly<Partial<Record<OutcomeCode, readonly [ErrorCode, string]>>> = {
  EXPIRED: ['key_expired', 'The key has expired.'],
  USER_INACTIVE: ['user_inactive', 'The user the credential stands for is deactivated.'],
  COMPANY_INACTIVE: ['company_inactive', 'The company the credential belongs to is deactivated.'],
  IP_REQUIRED: [
    'client_ip_unknown',
    'The key is restricted to addresses and the address of this request cannot be told: check X-Forwarded-For.',
  ],
}

/** The credential matched a record: its holder has proven possession and may be told why it is refused. */
export function refusalError(outcome: Outcome, address: Address | undefined): AppError {
  if (outcome.code === 'IP_NOT_ALLOWED' && address !== undefined) {
    return new AppError(
      'ip_not_allowed',
      `The key may not be used from ${formatAddress(address)}, the address seen. Add it to whitelistedIPs, or, ` +
        'if it is a proxy of yours, name that in LATCHKEY_TRUSTED_PROXIES.',
    )
  }
  if (outcome.code === 'INACTIVE' || outcome.code === 'EXPIRED') {
    const isSession = outcome.key !== undefined && isId('ses', outcome.key.id)
    if (isSession) return new AppError('token_expired', 'The session has ended: sign in again.')
  }
  if (outcome.code === 'INACTIVE') return new AppError('key_inactive', 'The key was deleted or disabled.')
  const [code, detail] =
    REFUSALS[outcome.code] ?? (['invalid_credentials', 'The credential is not valid.'] as const)
  return new AppError(code, detail)
}

/** By the kind of its id, which the store gave. */
const PRINCIPAL_TYPES: Readonly<Record<string, 'key' | 'session' | 'user'>> = {
  key: 'key',
  ses: 'session',
  usr: 'user',
}

function principalOf(key: VerifiableKey): Principal {
  return {
    type: PRINCIPAL_TYPES[key.id.slice(0, 3)]!,
    id: key.id,
    isDerived: false,
    expiresAtMs: key.expiresAtMs,
    userId: key.userId,
    homeCompanyId: key.companyId,
    companyId: key.companyId,
    mode: key.mode,
    role: key.role,
    isOperator: key.isOperator,
    authority: key.authority,
  }
}
