import type { Address } from '@latchkey/core/address'
import { AppError } from '@latchkey/core/error'
import { assertMayActForOthers } from '@latchkey/core/escalation'
import type { Outcome } from '@latchkey/core/outcome'
import { type Principal, principalOf } from '@latchkey/core/principal'
import { refusalError } from './refusal.ts'

/** The moment and the place at which a request is judged again. */
type Again = { readonly outcome: Outcome; readonly address: Address | undefined; readonly nowMs: number }

/**
 * Who a principal is by now: `outcome` is the verdict, just given, on the key, session or user behind it. Throws
 * AppError: what a request that came in at this moment would be told.
 */
export function principalNow(before: Principal, { outcome, address, nowMs }: Again): Principal {
  const { token } = before
  if (token !== undefined && token.expiresAtMs <= nowMs) {
    throw new AppError('token_expired', 'The token has expired: get a new one.')
  }
  if (outcome.key === undefined) {
    throw new AppError('invalid_credentials', 'The credential is not valid any more.')
  }
  if (outcome.code !== 'VALID') throw refusalError(outcome, address)
  const own = principalOf(outcome.key, token)
  if (before.companyId === before.homeCompanyId) return own
  assertMayActForOthers(own)
  return { ...own, companyId: before.companyId }
}
