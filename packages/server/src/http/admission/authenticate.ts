import type { IncomingMessage } from 'node:http'
import type { Address } from '@latchkey/core/address'
import { AppError } from '@latchkey/core/error'
import { type Attempt, IN_FORCE, isTokenOver } from '@latchkey/core/evaluate'
import type { Charged } from '@latchkey/core/limited-key'
import { type MaybePromise, whenKnown } from '@latchkey/core/maybe-promise'
import { NOT_FOUND } from '@latchkey/core/outcome'
import { type Principal, principalOf } from '@latchkey/core/principal'
import { parseSecret } from '@latchkey/core/secret'
import { type JudgeDeps, type Judged, judge, type Presented } from '../../auth/judge.ts'
import type { Services } from '../../services.ts'
import { findOutsideUser } from '../../storage/tables/outside-user.ts'
import { principalNow } from '../../verification/principal-now.ts'
import { refusalError, tokenExpired } from '../../verification/refusal.ts'
import type { CredentialOptions } from '../wire/console-cookie.ts'
import { limitedError } from '../wire/limit-headers.ts'
import { readCredential } from './credential.ts'
import { explainCredentialForm } from './credential-form.ts'
import type { FailedAttempts } from './failed-attempts.ts'

export type AuthenticateDeps = JudgeDeps &
  Pick<Services, 'clock' | 'config'> & {
    readonly failedAttempts: FailedAttempts
  }

/**
 * What is asked of a credential besides that it is valid. `cost` absent: the use does not count in its limits.
 * `admitAgain`: admits whoever asks about it again, where that is somebody else.
 */
type Needed = Pick<Attempt, 'visibleTo' | 'permissions' | 'exempt' | 'asker'> &
  Partial<Pick<Attempt, 'cost'> & Pick<Presented, 'admitAgain'>>

/**
 * Who the request's credential proves it to be. Throws AppError: 400 when the credential is ambiguous, 401 when there
 * is none or it is refused, 403 when it may not be used from here or for this, 429 after too many failures. A
 * credential of a company that may not be seen is refused as one that nobody has.
 */
export function authenticate(
  deps: AuthenticateDeps,
  request: IncomingMessage,
  address: Address | undefined,
  needed: Needed,
  options?: CredentialOptions,
): MaybePromise<Principal> {
  return authenticateUse(deps, request, address, needed, justPrincipal, options)
}

const justPrincipal = (principal: Principal): Principal => principal

/**
 * The same for a use that counts in the limits of the key: 429 also when it goes beyond one. `accepted` makes the
 * answer, from the principal and, where the key has limits, from how they stand.
 */
export function authenticateUse<Answer>(
  deps: AuthenticateDeps,
  request: IncomingMessage,
  address: Address | undefined,
  needed: Needed,
  accepted: (principal: Principal, charged: Charged | undefined) => Answer,
  options?: CredentialOptions,
): MaybePromise<Answer> {
  const credential = readCredential(request, options)
  if (credential === undefined) {
    throw new AppError(
      'missing_credentials',
      'Send a key: X-API-KEY: <key>, or a key or token: Authorization: Bearer <key or token>.',
    )
  }
  const { scheme, text } = credential
  const secret = parseSecret(text, deps.config.keyPrefix)
  const { visibleTo, permissions, exempt, asker, cost = null, admitAgain } = needed
  const presented = { secret, text, mayBeToken: scheme === 'bearer', admitAgain }
  const nowMs = deps.clock.nowMs()
  const use: Attempt = {
    visibleTo,
    address,
    permissions,
    exempt,
    token: undefined,
    secretOrdinal: null,
    asker,
    cost,
    nowMs,
  }
  return whenKnown(judge(deps, presented, use), (judged) =>
    accepted(accept(deps, judged, use, request), judged.charged),
  )
}

/**
 * Who the text of a key proves its holder to be: the key `expectedId`, where one is named. Throws AppError, as `authenticate`.
 */
export function authenticateSecret(
  deps: AuthenticateDeps,
  text: string,
  use: Attempt,
  expectedId?: string,
): MaybePromise<Principal> {
  const secret = parseSecret(text, deps.config.keyPrefix)
  const presented = { secret, text, mayBeToken: false, admitAgain: undefined }
  return whenKnown(judge(deps, presented, use, expectedId), (judged) => accept(deps, judged, use))
}

/**
 * Who the principal is by now: its request waited for its body, and what vouches for it may have been revoked
 * meanwhile. Nothing is counted a second time. Throws AppError, as `authenticate`.
 */
export function authenticateAgain(
  deps: Pick<AuthenticateDeps, 'verifier' | 'engine' | 'clock'>,
  principal: Principal,
  address: Address | undefined,
): MaybePromise<Principal> {
  const { id, token, secretOrdinal } = principal
  if (id === null) return principal
  const use: Attempt = { ...IN_FORCE, token, secretOrdinal, address, nowMs: deps.clock.nowMs() }
  const judgeById = (isStillNamed: boolean) =>
    whenKnown(isStillNamed ? deps.verifier.verifyById(id, use) : NOT_FOUND, (outcome) =>
      principalNow(principal, outcome, use),
    )
  const subject = token?.subject ?? null
  if (subject === null) return judgeById(true)
  return deps.engine.read((db) => findOutsideUser(db, subject)).then((named) => judgeById(named === id))
}

/** Who the key, session or user of an accepted use is. `request`: where the credential stood. */
function accept(
  { failedAttempts }: Pick<AuthenticateDeps, 'failedAttempts'>,
  { outcome, token, charged }: Judged,
  use: Attempt,
  request?: IncomingMessage,
): Principal {
  if (outcome.key === undefined) {
    // An expired token is genuine: whoever has it is not guessing, and no failure is counted.
    if (isTokenOver({ ...use, token })) throw tokenExpired()
    throw refuseUnknown(
      failedAttempts,
      use,
      request === undefined ? undefined : explainCredentialForm(request),
    )
  }
  if (outcome.code === 'RATE_LIMITED' && charged !== undefined) throw limitedError(charged)
  if (outcome.code !== 'VALID') throw refusalError(outcome, { ...use, token })
  return principalOf(outcome.key, token, outcome.secret)
}

/**
 * Counts a failed credential for the network it came from, and returns the error for the caller. `detail`: where more
 * is known than that it is not valid.
 */
export function refuseUnknown(
  failedAttempts: FailedAttempts,
  { address, nowMs }: Pick<Attempt, 'address' | 'nowMs'>,
  detail: string = 'The credential is not valid: check that it was copied whole.',
): AppError {
  const retryAfterSeconds = failedAttempts.note(address, nowMs)
  if (retryAfterSeconds === undefined) return new AppError('invalid_credentials', detail)
  return new AppError('rate_limited', 'Too many failed credentials came from your address.', {
    retryAfterSeconds,
  })
}
