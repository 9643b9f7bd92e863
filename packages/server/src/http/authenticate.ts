import type { IncomingMessage } from 'node:http'
import { type Address, formatAddress } from '@latchkey/core/address'
import { AppError, type ErrorCode } from '@latchkey/core/error'
import type { VerifiableKey } from '@latchkey/core/key'
import type { Outcome, OutcomeCode } from '@latchkey/core/outcome'
import type { Principal } from '@latchkey/core/principal'
import { parseSecret } from '@latchkey/core/secret'
import type { Services } from '../services.ts'
import { readCredential } from './credential.ts'
import type { FailedAttempts } from './failed-attempts.ts'

export type AuthenticateDeps = Pick<Services, 'verifier' | 'usage' | 'clock' | 'config'> & {
  readonly failedAttempts: FailedAttempts
}

/**
 * Who the request's credential proves it to be. Throws AppError: 400 when the credential is ambiguous, 401
 * when there is none or it is refused, 403 when it may not be used from here, 429 after too many failures.
 */
export async function authenticate(
  deps: AuthenticateDeps,
  request: IncomingMessage,
  address: Address | undefined,
): Promise<Principal> {
  const credential = readCredential(request)
  if (credential === undefined) {
    throw new AppError('missing_credentials', 'Send a key: X-API-KEY: <key>, or Authorization: Bearer <key>.')
  }
  const nowMs = deps.clock.nowMs()
  const secret = parseSecret(credential.text, deps.config.keyPrefix)
  const outcome =
    secret === undefined
      ? undefined
      : await deps.verifier.verify(secret, { visibleTo: null, address, permissions: [], nowMs })
  if (outcome?.key === undefined) throw refuseUnknown(deps.failedAttempts, address, nowMs)
  if (outcome.code !== 'VALID') throw refuse(outcome, address)
  deps.usage.note(outcome.key.id, nowMs, address)
  return principalOf(outcome.key)
}

function refuseUnknown(
  failedAttempts: FailedAttempts,
  address: Address | undefined,
  nowMs: number,
): AppError {
  const retryAfterSeconds = failedAttempts.note(address, nowMs)
  if (retryAfterSeconds === undefined) {
    return new AppError(
      'invalid_credentials',
      'The credential is not valid: check that the whole key was copied.',
    )
  }
  return new AppError('rate_limited', 'Too many failed credentials came from your address.', {
    retryAfterSeconds,
  })
}

const REFUSALS: Readonly<Partial<Record<OutcomeCode, readonly [ErrorCode, string]>>> = {
  INACTIVE: ['key_inactive', 'The key was deleted or disabled.'],
  EXPIRED: ['key_expired', 'The key has expired.'],
  USER_INACTIVE: ['user_inactive', 'The user the key acts for is deactivated.'],
  COMPANY_INACTIVE: ['company_inactive', 'The company the key belongs to is deactivated.'],
  IP_REQUIRED: [
    'client_ip_unknown',
    'The key is restricted to addresses and the address of this request cannot be told: check X-Forwarded-For.',
  ],
}

/** The secret matched a record: its holder has proven possession and may be told why it is refused. */
function refuse(outcome: Outcome, address: Address | undefined): AppError {
  if (outcome.code === 'IP_NOT_ALLOWED' && address !== undefined) {
    return new AppError(
      'ip_not_allowed',
      `The key may not be used from ${formatAddress(address)}, the address seen. Add it to whitelistedIPs, or, ` +
        'if it is a proxy of yours, name that in LATCHKEY_TRUSTED_PROXIES.',
    )
  }
  const [code, detail] =
    REFUSALS[outcome.code] ?? (['invalid_credentials', 'The credential is not valid.'] as const)
  return new AppError(code, detail)
}

function principalOf(key: VerifiableKey): Principal {
  return {
    type: 'key',
    id: key.id,
    userId: key.userId,
    homeCompanyId: key.companyId,
    companyId: key.companyId,
    role: key.role,
    isOperator: key.isOperator,
    authority: key.authority,
  }
}
