import type { IncomingMessage } from 'node:http'
import type { Address } from '@latchkey/core/address'
import { AppError } from '@latchkey/core/error'
import type { Attempt } from '@latchkey/core/evaluate'
import type { CompanyId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import { type MaybePromise, whenKnown } from '@latchkey/core/maybe-promise'
import { NOT_FOUND, type Outcome } from '@latchkey/core/outcome'
import { type Principal, principalOf } from '@latchkey/core/principal'
import { parseSecret, type Secret } from '@latchkey/core/secret'
import type { OutsideToken } from '../auth/outside-issuers.ts'
import type { Services } from '../services.ts'
import { findOutsideUser } from '../storage/outside-user.ts'
import { principalNow } from '../verification/principal-now.ts'
import { refusalError } from '../verification/refusal.ts'
import { type Credential, readCredential } from './credential.ts'
import { explainCredentialForm } from './credential-form.ts'
import type { FailedAttempts } from './failed-attempts.ts'
import { presentedToken } from './judge-token.ts'

export type AuthenticateDeps = Pick<
  Services,
  'verifier' | 'verifyToken' | 'outsideRefusals' | 'engine' | 'usage' | 'clock' | 'config' | 'metrics'
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
    ? authenticateToken(deps, request, credential, use)
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
    return principalOf(accept(deps, outcome, use), undefined)
  })
}

/** A token counts as long as the key, session or user behind it does: the same engine is asked, by id. */
async function authenticateToken(
  deps: AuthenticateDeps,
  request: IncomingMessage,
  { scheme, text }: Credential,
  use: Attempt,
): Promise<Principal> {
  const token = scheme === 'bearer' ? await deps.verifyToken(text) : undefined
  if (token === undefined) throw refuseUnknown(deps.failedAttempts, use, explainCredentialForm(request))
  const subjectId = token.kind === 'own' ? token.subjectId : await findSubjectOf(deps, token)
  const outcome = subjectId === undefined ? NOT_FOUND : await deps.verifier.verifyById(subjectId, use)
  return principalOf(accept(deps, outcome, use), presentedToken(token))
}

function findSubjectOf({ engine, outsideRefusals }: AuthenticateDeps, token: OutsideToken) {
  const note = (what: string) => outsideRefusals.note(token.issuer, what)
  return engine.read((db) => findOutsideUser(db, token, note))
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
  const { id, token } = principal
  if (id === null) return principal
  const nowMs = deps.clock.nowMs()
  const use: Attempt = { visibleTo: null, address, permissions: NONE_ASKED, nowMs }
  const judge = (isStillNamed: boolean) =>
    whenKnown(isStillNamed ? deps.verifier.verifyById(id, use) : NOT_FOUND, (outcome) =>
      principalNow(principal, { outcome, address, nowMs }),
    )
  const subject = token?.subject ?? null
  if (subject === null) return judge(true)
  return deps.engine.read((db) => findOutsideUser(db, subject)).then((named) => judge(named === id))
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

/**
 * Charges a failed credential to where it came from, and answers what the caller is told: `detail`, where more is
 * known than that it is not valid.
 */
export function refuseUnknown(
  failedAttempts: FailedAttempts,
  { address, nowMs }: Pick<Attempt, 'address' | 'nowMs'>,
  detail = 'The credential is not valid: check that it was copied whole.',
): AppError {
  const retryAfterSeconds = failedAttempts.note(address, nowMs)
  if (retryAfterSeconds === undefined) return new AppError('invalid_credentials', detail)
  return new AppError('rate_limited', 'Too many failed credentials came from your address.', {
    retryAfterSeconds,
  })
}
