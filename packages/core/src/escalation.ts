import { AppError } from './error.ts'
import type { CompanyId, UserId } from './ids.ts'
import { type CompiledAuthority, isAboveRole, isPermitted, lacks, type Role } from './permission.ts'
import type { Principal } from './principal.ts'
import { type Bound, exceeds, type Reach, UNBOUND } from './reach.ts'

/** Nobody changes a user of a higher role. Throws AppError `permission_escalation`. */
export function assertNotAbove(principal: Principal, role: Role, what: string): void {
  if (!isAboveRole(role, principal.role)) return
  throw new AppError(
    'permission_escalation',
    `${what} has the role ${role}, which is above yours (${principal.role}): ask someone with that role.`,
  )
}

/** Nobody grants a permission that it lacks. Throws AppError `permission_escalation` naming the first one. */
export function assertCovers(principal: Principal, granted: CompiledAuthority): void {
  const missing = lacks(principal.authority, granted)
  if (missing === undefined) return
  throw new AppError(
    'permission_escalation',
    `This would grant ${missing}, which your credential does not have: narrow "permissions", or use a credential that has it.`,
  )
}

/** A developer changes its own keys only; it may read others. Throws AppError `missing_permission`. */
export function assertOwn(principal: Principal, ownerId: string, action: string): void {
  if (principal.role !== 'developer' || principal.userId === ownerId) return
  throw new AppError(
    'missing_permission',
    `A developer may ${action} only its own keys; this one belongs to another user.`,
  )
}

/** Only an operator acts for another company. Throws AppError `missing_permission`. */
export function assertMayActForOthers(principal: Principal): void {
  if (principal.isOperator && isPermitted(principal.authority, 'companies:update')) return
  throw new AppError(
    'missing_permission',
    'X-Company-Id is for the operator, with the permission companies:update: leave the header out.',
  )
}

/** Whether a key of this user could do what the principal can. */
export const isEqual = (principal: Principal, user: Person): boolean =>
  principal.homeCompanyId === user.companyId && (principal.userId === user.id || principal.role === user.role)

/**
 * A key with bounds (addresses, an end, limits) makes no key as powerful as itself with wider bounds: it would get rid
 * of its own. Keys of weaker users it may make. Throws AppError `permission_escalation`.
 */
export function assertWithinReach(principal: Principal, user: Person, wanted: Reach): void {
  const field = isEqual(principal, user) ? exceeds(wanted, principal.reach) : undefined
  if (field === undefined) return
  throw new AppError(
    'permission_escalation',
    `The key you call with ${BOUNDS[field]}, and a key of the same user, or of one with the same role, may not reach ` +
      `further: leave ${field} out to give it the same, or sign in.`,
  )
}

/**
 * The same for users, who have no bounds once they sign in: a key with bounds makes, invites and promotes no user as
 * powerful as itself. Throws AppError `permission_escalation`.
 */
export function assertMayEqual(principal: Principal, user: Person): void {
  const field = isEqual(principal, user) ? exceeds(UNBOUND, principal.reach) : undefined
  if (field === undefined) return
  throw new AppError(
    'permission_escalation',
    `The key you call with ${BOUNDS[field]}, and its own user, or one with the same role, could do the same without ` +
      'that: sign in, or use a key without such a bound.',
  )
}

const BOUNDS: Readonly<Record<Bound, string>> = {
  expiresAt: 'ends sooner',
  whitelistedIPs: 'is restricted to addresses',
  rateLimits: 'has rate limits',
  quota: 'has a quota',
}

/** A user as far as it is compared with a principal; one that does not exist yet has no id. */
type Person = { readonly id?: UserId; readonly companyId: CompanyId; readonly role: Role }
