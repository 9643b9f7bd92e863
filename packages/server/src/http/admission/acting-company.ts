import { AppError } from '@latchkey/core/error'
import { assertMayActForOthers } from '@latchkey/core/escalation'
import { isId } from '@latchkey/core/ids'
import { type MaybePromise, whenKnown } from '@latchkey/core/maybe-promise'
import type { Principal } from '@latchkey/core/principal'
import type { Services } from '../../services.ts'
import { onlyValue } from '../wire/raw-headers.ts'

/**
 * The principal, acting for the company that X-Company-Id names; `headers` is its values, at least one. Only for an
 * operator with companies:update; from everyone else it is a 403, so that nobody believes it did something.
 */
export function actFor(
  deps: Pick<Services, 'knownCompanies'>,
  principal: Principal,
  headers: readonly string[],
): MaybePromise<Principal> {
  const companyId = onlyValue(headers, 'X-Company-Id') ?? ''
  assertMayActForOthers(principal)
  if (!isId('cmp', companyId)) throw noSuchCompany()
  return whenKnown(deps.knownCompanies.isThere(companyId), (isThere) => {
    if (!isThere) throw noSuchCompany()
    return { ...principal, companyId }
  })
}

const noSuchCompany = () =>
  new AppError('company_not_found', 'X-Company-Id names no company of this deployment.')
