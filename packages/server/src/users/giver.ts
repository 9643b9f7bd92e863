import { type Ceiling, ceilingOf } from '@latchkey/core/ceiling'
import { compileAuthority, isAboveRole, lacks, namePermissions } from '@latchkey/core/permission'
import { exceeds, UNBOUND } from '@latchkey/core/reach'
import type { Change } from '../changes/change.ts'
import type { User } from '../storage/tables/user.ts'
import { authorityOf } from './user-authority.ts'

/** null: could give everything. `isBound`: but nothing to its equals, see `assertMayEqual`. */
type Giver = (Ceiling & { readonly isBound?: true }) | null

/** What whoever gives an invitation, or the password that comes of it, can give, as it is stored. */
export function giverText({ principal, ledger }: Change): string {
  const { role, authority, homeCompanyId, reach } = principal
  const isBound = homeCompanyId === ledger.id && exceeds(UNBOUND, reach) !== undefined
  const giver: Giver = isBound
    ? { role, permissions: namePermissions(authority), isBound }
    : ceilingOf(role, ledger.isOperator, authority)
  return JSON.stringify(giver)
}

/**
 * Whether who gave a user its password could give all that the user may. Whoever gives a password may know it: one
 * that was given for a weaker user never serves for a stronger one. A giver nobody knows could give nothing.
 */
export function couldGive(text: string | null, user: User, isOperator: boolean): boolean {
  if (text === null) return false
  const giver = JSON.parse(text) as Giver
  if (giver === null) return true
  const { role, permissions, isBound } = giver
  if (isAboveRole(user.role, role) || (isBound === true && user.role === role)) return false
  const authority = compileAuthority({ role, isOperator, userPermissions: null, narrowings: [permissions] })
  return lacks(authority, authorityOf(user, isOperator)) === undefined
}
