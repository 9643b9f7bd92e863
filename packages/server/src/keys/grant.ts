import { isDeepStrictEqual } from 'node:util'
import { compileAllowlist } from '@latchkey/core/allowlist'
import { authorityUnder, type Ceiling, ceilingOf } from '@latchkey/core/ceiling'
import { AppError } from '@latchkey/core/error'
import { assertCovers, assertNotAbove, assertOwn, assertWithinReach } from '@latchkey/core/escalation'
import { compileLimits } from '@latchkey/core/limit'
import { lacks } from '@latchkey/core/permission'
import { exceeds, type Reach } from '@latchkey/core/reach'
import type { Change } from '../changes/change.ts'
import type { Key } from '../storage/tables/key.ts'
import type { User } from '../storage/tables/user.ts'

/** What of a key bounds its use: from where, until when and how often. */
export type Bounds = Pick<Key, 'whitelistedIPs' | 'expiresAtMs' | 'rateLimits' | 'quota'>

/** The same, and what the key may do. */
export type Grant = Bounds & Pick<Key, 'id' | 'permissions' | 'ceiling' | 'status'>

/**
 * A change of a key gives no more than the principal has. Whatever lets a key do more, be used from more addresses,
 * for longer, more often or again is a grant: the principal must have all that the key may do. Throws AppError
 * `permission_escalation`, `missing_permission`.
 */
export function assertMayRegrant(change: Change, user: User, before: Grant, after: Grant): void {
  const { principal } = change
  assertOwn(principal, user.id, 'change')
  assertNotAbove(principal, user.role, "The key's user")
  const isReachGrown = exceeds(reachOf(after), reachOf(before)) !== undefined
  const isRevived = after.status === 'active' && before.status !== 'active'
  const isRegranted = !isDeepStrictEqual(after.permissions, before.permissions)
  if (!isReachGrown && !isRevived && !isRegranted) return
  if (isReachGrown && principal.id === before.id) {
    throw new AppError(
      'permission_escalation',
      'A key cannot loosen its own restriction, limits or end: ask with another key, or sign in.',
    )
  }
  const may = authorityOf(change, user, after)
  assertCovers(principal, may)
  // One that reaches further than the principal is not to be had again, or with more, by the principal either.
  const isGrown = isRegranted && lacks(authorityOf(change, user, before), may) !== undefined
  if (isReachGrown || isRevived || isGrown) assertWithinReach(principal, user, reachOf(after))
}

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

export const reachOf = ({ whitelistedIPs, expiresAtMs, rateLimits, quota }: Bounds): Reach => ({
  allowlist: whitelistedIPs === null ? null : compileAllowlist(whitelistedIPs),
  expiresAtMs,
  limits: compileLimits(rateLimits, quota),
})
