import { AppError } from '@latchkey/core/error'
import { assertMayActForOthers } from '@latchkey/core/escalation'
import { isTokenOver } from '@latchkey/core/evaluate'
import type { Outcome } from '@latchkey/core/outcome'
import { type Principal, principalOf } from '@latchkey/core/principal'
import { type RefusedUse, refusalError, tokenExpired } from './refusal.ts'

/**
 * Who a principal is by now: `outcome` is the verdict, just given, on this use of the key, session or user behind it.
 * Throws AppError: what a request that came in at this moment would be told.
 */
export function principalNow(before: Principal, outcome: Outcome, use: RefusedUse): Principal {
  if (outcome.key === undefined) {
    if (isTokenOver(use)) throw tokenExpired()
    throw new AppError('invalid_credentials', 'The credential is not valid any more.')
  }
  if (outcome.code !== 'VALID') throw refusalError(outcome, use)
  const own = principalOf(outcome.key, before.token, outcome.secret)
  if (before.companyId === before.homeCompanyId) return own
  assertMayActForOthers(own)
  return { ...own, companyId: before.companyId }
}
