import { type Ceiling, ceilingOf } from '@latchkey/core/ceiling'
import { compileAuthority, isAboveRole, lacks } from '@latchkey/core/permission'
import type { Change } from '../changes/change.ts'
import type { User } from '../storage/tables/user.ts'
import { authorityOf } from './user-authority.ts'

/** What whoever gives an invitation, or the password that comes of it, can give, as it is stored. */
export function giverText({ principal, ledger }: Change): string {
  return JSON.stringify(ceilingOf(principal.role, ledger.isOperator, principal.authority))
}

/**
 * Whether who gave a user its password could give all that the user may. Whoever gives a password may know it: one
 * that was given for a weaker user never serves for a stronger one. A giver nobody knows could give nothing.
 */
export function couldGive(giver: string | null, user: User, isOperator: boolean): boolean {
  if (giver === null) return false
  const ceiling = JSON.parse(giver) as Ceiling | null
  if (ceiling === null) return true
  const { role, permissions } = ceiling
  const authority = compileAuthority({ role, isOperator, userPermissions: null, narrowings: [permissions] })
  return !isAboveRole(user.role, role) && lacks(authority, authorityOf(user, isOperator)) === undefined
}
