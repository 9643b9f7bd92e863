import { AppError } from './error.ts'
import { type CompiledAuthority, isAboveRole, isPermitted, lacks, type Role } from './permission.ts'
import type { Principal } from './principal.ts'

/** Nobody touches what stands above. Throws AppError `permission_escalation`. */
export function assertNotAbove(principal: Principal, role: Role, what: string): void {
  if (!isAboveRole(role, principal.role)) return
  throw new AppError(
    'permission_escalation',
    `${what} has the role ${role}, which is above yours (${principal.role}): ask someone with that role.`,
  )
}

/** Nobody grants what it lacks. Throws AppError `permission_escalation` naming the first permission. */
export function assertCovers(principal: Principal, granted: CompiledAuthority): void {
  const missing = lacks(principal.authority, granted)
  if (missing === undefined) return
  throw new AppError(
    'permission_escalation',
    `This would grant ${missing}, which your credential does not have: narrow "permissions", or use a credential that has it.`,
  )
}

/** A developer has its own keys only; reading is not concerned. Throws AppError `missing_permission`. */
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
