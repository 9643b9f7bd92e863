import { formatAddress } from '@latchkey/core/address'
import { AppError, type ErrorCode } from '@latchkey/core/error'
import { type Attempt, hasEnded, isTokenOver, missingPermission } from '@latchkey/core/evaluate'
import { isId } from '@latchkey/core/ids'
import type { Outcome } from '@latchkey/core/outcome'
import type { OutcomeCode } from '@latchkey/core/outcome-code'

/** The parts of a use that a refusal mentions. */
export type RefusedUse = Pick<Attempt, 'address' | 'token' | 'permissions' | 'exempt' | 'nowMs'>

/** What a refused credential is told. It matched a record, so its holder has proven possession and may be told why. */
export function refusalError(outcome: Outcome, use: RefusedUse): AppError {
  if (isTokenOver(use)) return tokenExpired()
  const { address } = use
  if (outcome.code === 'IP_NOT_ALLOWED' && address !== undefined) {
    return new AppError(
      'ip_not_allowed',
      `The key may not be used from ${formatAddress(address)}, the address seen. Add it to whitelistedIPs, or, ` +
        'if it is a proxy of yours, name that in LATCHKEY_TRUSTED_PROXIES.',
    )
  }
  if (outcome.code === 'INSUFFICIENT_PERMISSIONS') {
    return new AppError(
      'missing_permission',
      `This needs the permission ${missingPermission(outcome.key, use)}, which your credential does not have.`,
    )
  }
  if (outcome.code === 'INACTIVE' || outcome.code === 'EXPIRED') {
    if (isId('ses', outcome.key.id))
      return new AppError('token_expired', 'The session has ended: sign in again.')
  }
  const { secret } = outcome
  if (outcome.code === 'INACTIVE' && secret !== undefined && hasEnded(secret, use.nowMs)) {
    const at = secret.endsAtMs === 0 ? '' : `, on ${new Date(secret.endsAtMs ?? 0).toISOString()}`
    return new AppError(
      'key_inactive',
      `The key has a new secret: the one you sent was replaced and has ended${at}.`,
    )
  }
  if (outcome.code === 'INACTIVE') return new AppError('key_inactive', 'The key was deleted or disabled.')
  const [code, detail] =
    REFUSALS[outcome.code] ?? (['invalid_credentials', 'The credential is not valid.'] as const)
  return new AppError(code, detail)
}

export const tokenExpired = (): AppError =>
  new AppError('token_expired', 'The token has expired: get a new one.')

const REFUSALS: Readonly<Partial<Record<OutcomeCode, readonly [ErrorCode, string]>>> = {
  EXPIRED: ['key_expired', 'The key has expired.'],
  USER_INACTIVE: ['user_inactive', 'The user the credential stands for is deactivated.'],
  COMPANY_INACTIVE: ['company_inactive', 'The company the credential belongs to is deactivated.'],
  IP_REQUIRED: [
    'client_ip_unknown',
    'The key is restricted to addresses and the address of this request cannot be told: check X-Forwarded-For.',
  ],
}
