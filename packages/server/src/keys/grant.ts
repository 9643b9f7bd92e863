import { isDeepStrictEqual } from 'node:util'
import { type Allowlist, compileAllowlist } from '@latchkey/core/allowlist'
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
 * `permission_escalation`, `missing_permission`. `compiled`: the list of addresses of `after`, where it is another one.
 */
export function assertMayRegrant(
  change: Change,
  user: User,
  before: Grant,
  after: Grant,
  compiled: Allowlist | null,
): void {
  const { principal } = change
  const isSameList = isDeepStrictEqual(after.whitelistedIPs, before.whitelistedIPs)
  assertOwn(principal, user.id, 'change')
  assertNotAbove(principal, user.role, "The key's user")
  const wanted = isSameList ? reachOf(after) : reachOf(after, compiled)
  const isReachGrown = isSameList
    ? exceeds(besidesAddresses(after), besidesAddresses(before)) !== undefined
    : exceeds(wanted, reachOf(before)) !== undefined
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
  if (isReachGrown || isRevived || isGrown) assertWithinReach(principal, user, wanted)
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

/** `compiled`: the entries, where they are already. Else they are when somebody looks at them: most of the time nobody does. */
export function reachOf(
  { whitelistedIPs, expiresAtMs, rateLimits, quota }: Bounds,
  compiled?: Allowlist | null,
): Reach {
  let allowlist = whitelistedIPs === null ? null : (compiled ?? undefined)
  return {
    get allowlist() {
      if (allowlist === undefined) allowlist = compileAllowlist(whitelistedIPs ?? [])
      return allowlist
    },
    expiresAtMs,
    limits: compileLimits(rateLimits, quota),
  }
}

const besidesAddresses = (bounds: Bounds): Reach => reachOf({ ...bounds, whitelistedIPs: null })
