import { isDeepStrictEqual } from 'node:util'
import { type Allowlist, compileAllowlist } from '@latchkey/core/allowlist'
import { authorityUnder, type Ceiling, ceilingOf } from '@latchkey/core/ceiling'
import { AppError, type Fault, inputError, noteFault } from '@latchkey/core/error'
import { assertCovers, assertNotAbove, assertOwn, assertWithinReach } from '@latchkey/core/escalation'
import { compileLimits } from '@latchkey/core/limit'
import { type CompiledAuthority, isAboveRole, isPermitted, lacks } from '@latchkey/core/permission'
import { exceeds, type Reach } from '@latchkey/core/reach'
import type { Change } from '../changes/change.ts'
import type { Key } from '../storage/tables/key.ts'
import type { User } from '../storage/tables/user.ts'
import type { ReadInput } from './key-input.ts'

/** What of a key bounds its use: from where, until when and how often. */
export type Bounds = Pick<Key, 'whitelistedIPs' | 'expiresAtMs' | 'rateLimits' | 'quota'>

/** The same, and what the key may do. */
export type Grant = Bounds & Pick<Key, 'id' | 'permissions' | 'ceiling' | 'status'>

/**
 * A change of a key gives no more than the principal has. Whatever lets a key do more, be used from more addresses,
 * for longer, more often or again is a grant: the principal must have all that the key may do. Throws AppError
 * `permission_escalation`, `missing_permission`. `read`: what was said of the lists, where something was.
 */
export function assertMayRegrant(
  change: Change,
  user: User,
  before: Grant,
  after: Grant,
  read: Pick<ReadInput<unknown>, 'allowlist' | 'permissions'>,
): void {
  const { principal } = change
  const isSameList = isDeepStrictEqual(after.whitelistedIPs, before.whitelistedIPs)
  assertOwn(principal, user.id, 'change')
  assertNotAbove(principal, user.role, "The key's user")
  const held = authorityOf(change, user, { permissions: null, ceiling: null })
  assertHeldByUser(user, held, read.permissions ?? [], before.permissions ?? [])
  const wanted = isSameList ? reachOf(after) : reachOf(after, read.allowlist)
  const isReachGrown = isSameList
    ? exceeds(besidesAddresses(after), besidesAddresses(before)) !== undefined
    : exceeds(wanted, reachOf(before)) !== undefined
  const isRevived = after.status === 'active' && before.status !== 'active'
  // Repeated permissions may be more than they were: the ceiling may have changed.
  const isGrown = hasGrown(change, user, before, after)
  const isRegranted = isGrown || !isDeepStrictEqual(after.permissions, before.permissions)
  if (!isReachGrown && !isRevived && !isRegranted) return
  if (isReachGrown && principal.id === before.id) {
    throw new AppError(
      'permission_escalation',
      'A key cannot loosen its own restriction, limits or end: ask with another key, or sign in.',
    )
  }
  // Whoever sets what a key may do must have all of it now, whatever could be given before.
  const ceiling = read.permissions === undefined ? after.ceiling : null
  assertCovers(principal, authorityOf(change, user, { ...after, ceiling }))
  // A key that reaches further than the principal cannot be renewed or widened by it either.
  if (isReachGrown || isRevived || isGrown) assertWithinReach(principal, user, wanted)
}

/**
 * Throws an input fault for each permission that is named outright and that the user lacks. A pattern means "all of these
 * that the user has"; what a key had already may be repeated, since a user may have come to have less.
 */
export function assertHeldByUser(
  user: User,
  held: CompiledAuthority,
  named: readonly string[],
  had: readonly string[] = [],
): void {
  const faults: Fault[] = []
  for (const [index, permission] of named.entries()) {
    if (permission.includes('*') || isPermitted(held, permission) || had.includes(permission)) continue
    noteFault(faults, {
      pointer: `/permissions/${index}`,
      code: 'invalid_field',
      detail: `${permission} is not a permission of the user (role ${user.role}): a key can only be narrower than its user.`,
    })
  }
  if (faults.length > 0) throw inputError(faults)
}

type Power = Pick<Grant, 'permissions' | 'ceiling'>

/** What the key may do. */
export const authorityOf = (change: Change, user: User, grant: Power) =>
  powerOf(change, user, grant).authority

/** The same, and with which role: that of an owner permits no more than an admin's, but over owners. */
function powerOf(change: Change, user: User, grant: Power) {
  return authorityUnder(
    {
      role: user.role,
      isOperator: change.ledger.isOperator,
      userPermissions: user.permissions,
    },
    grant.permissions,
    grant.ceiling,
  )
}

function hasGrown(change: Change, user: User, before: Grant, after: Grant): boolean {
  const had = powerOf(change, user, before)
  const has = powerOf(change, user, after)
  return isAboveRole(has.role, had.role) || lacks(had.authority, has.authority) !== undefined
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
