import { compileKey } from '@latchkey/core/key-record'
import { isAboveRole, isPermitted, lacks } from '@latchkey/core/permission'
import { holdCompany } from '../storage/tables/ledger.ts'
import { findInvitation } from '../storage/tables/people.ts'
import type { Db, InvitationRow } from '../storage/tables/schema.ts'
import type { User } from '../storage/tables/user.ts'
import { findUserInDeployment } from '../storage/tables/users.ts'
import { findVerifiable } from '../storage/tables/verifiable.ts'
import { authorityOf } from './user-authority.ts'

export type Invited = { readonly invitation: InvitationRow; readonly user: User }

/**
 * Whom an invitation is for that is not over, and whose maker could still make it: they may have kept its token.
 * `hash`: of the token.
 */
export async function findInvited(db: Db, hash: Uint8Array, nowMs: number): Promise<Invited | undefined> {
  const invitation = await findInvitation(db, hash, nowMs)
  const user = invitation && (await findUserInDeployment(db, invitation.user_id))
  if (user === undefined || !(await couldInvite(db, invitation!.maker, user))) return undefined
  return { invitation: invitation!, user }
}

/** The same in a change of the user's company: nothing that its maker rests on changes before the commit. */
export async function findInvitedHeld(db: Db, hash: Uint8Array, nowMs: number): Promise<Invited | undefined> {
  const invited = await findInvited(db, hash, nowMs)
  const maker = invited?.invitation.maker
  const record = maker && (await findVerifiable(db, maker))
  if (!record || record.companyId === invited.user.companyId) return invited
  // The operator's, which is always held last.
  await holdCompany(db, record.companyId as User['companyId'])
  return findInvited(db, hash, nowMs)
}

/**
 * Whether the maker, as it is now, may invite the user. That a key has run out by now was known when it was let make
 * invitations, and where a password is set from has nothing to do with it: neither is asked.
 */
async function couldInvite(db: Db, maker: InvitationRow['maker'], user: User): Promise<boolean> {
  if (maker === null) return true
  const record = await findVerifiable(db, maker)
  if (record === undefined) return false
  const { isActive, isUserActive, isCompanyActive, companyId, isOperator, role, authority } =
    compileKey(record).key
  if (!isActive || !isUserActive || !isCompanyActive || isAboveRole(user.role, role)) return false
  const isOfAnother = companyId !== user.companyId
  const needed = isOfAnother ? ['users:update', 'companies:update'] : ['users:update']
  if (!needed.every((permission) => isPermitted(authority, permission))) return false
  return lacks(authority, authorityOf(user, isOperator && !isOfAnother)) === undefined
}
