import { isDeepStrictEqual } from 'node:util'
import { compileAllowlist } from '@latchkey/core/allowlist'
import { authorityUnder, type Ceiling, ceilingOf } from '@latchkey/core/ceiling'
import { AppError } from '@latchkey/core/error'
import { assertCovers, assertNotAbove, assertOwn } from '@latchkey/core/escalation'
import type { Principal } from '@latchkey/core/principal'
import { exceeds, type Reach } from '@latchkey/core/reach'
import type { Change } from '../changes/change.ts'
import type { Key } from '../storage/tables/key.ts'
import type { User } from '../storage/tables/user.ts'

/** What of a key says what it may do, from where and until when. */
export type Grant = Pick<Key, 'id' | 'whitelistedIPs' | 'expiresAtMs' | 'permissions' | 'ceiling' | 'status'>

/**
 * A change of a key gives no more than the principal has. Whatever lets a key do more, be used from more addresses,
 * for longer or again is a grant: the principal must have all that the key may do. Throws AppError
 * `permission_escalation`, `missing_permission`.
 */
export function assertMayRegrant(change: Change, user: User, before: Grant, after: Grant): void {
  const { principal } = change
  assertOwn(principal, user.id, 'change')
  assertNotAbove(principal, user.role, "The key's user")
  const isReachGrown = exceeds(reachOf(after), reachOf(before)) !== undefined
  const isGrant =
    isReachGrown ||
    !isDeepStrictEqual(after.permissions, before.permissions) ||
    (after.status === 'active' && before.status !== 'active')
  if (!isGrant) return
  if (isReachGrown && principal.id === before.id) {
    throw new AppError(
      'permission_escalation',
      'A key cannot loosen its own restriction or end: ask with another key, or sign in.',
    )
  }
  assertCovers(principal, authorityOf(change, user, after))
  if (isReachGrown) assertWithinReach(principal, user, reachOf(after))
}

/**
 * A restricted or ending key makes no equal that reaches further: it could make itself one without its own bounds.
 * Keys of weaker users are what such a key is there to give out. Throws AppError `permission_escalation`.
 */
export function assertWithinReach(principal: Principal, user: User, wanted: Reach): void {
  const field = isEqual(principal, user) ? exceeds(wanted, principal.reach) : undefined
  if (field === undefined) return
  const bound = field === 'expiresAt' ? 'ends sooner' : 'is restricted to addresses'
  throw new AppError(
    'permission_escalation',
    `The key you call with ${bound}, and a key of the same user, or of one with the same role, may not reach ` +
      `further: leave ${field} out to give it the same, or sign in.`,
  )
}

/** Whether a key of this user could do what the principal can. */
export const isEqual = (principal: Principal, user: User): boolean =>
  principal.homeCompanyId === user.companyId && (principal.userId === user.id || principal.role === user.role)

/** What the key may do. */
export function authorityOf(change: Change, user: User, grant: Pick<Grant, 'permissions' | 'ceiling'>) {
  return authorityUnder(
    {
      role: user.role,
      isOperator: change.ledger.isOperator,
      userPermissions: user.permissions,
    },
    grant.permissions,
    grant.ceiling,
  ).authority
}

/** The ceiling of a key that is made or given its permissions now. */
export const grantableBy = ({ principal, ledger }: Change): Ceiling | null =>
  ceilingOf(principal.role, ledger.isOperator, principal.authority)

export function reachOf({
  whitelistedIPs,
  expiresAtMs,
}: Pick<Grant, 'whitelistedIPs' | 'expiresAtMs'>): Reach {
  return { allowlist: whitelistedIPs === null ? null : compileAllowlist(whitelistedIPs), expiresAtMs }
}
