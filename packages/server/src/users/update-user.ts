import { isDeepStrictEqual } from 'node:util'
import type { UserUpdate } from '@latchkey/contract/schemas/users'
import { AppError, type Fault, inputError } from '@latchkey/core/error'
import { assertCovers, assertMayEqual, assertNotAbove } from '@latchkey/core/escalation'
import { isId } from '@latchkey/core/ids'
import { isAboveRole, lacks } from '@latchkey/core/permission'
import { changesBetween, isOnly } from '../audit/changes-between.ts'
import type { Change } from '../changes/change.ts'
import { versionConflict } from '../changes/version-conflict.ts'
import { countGrowingKeys, type MadeKeys } from '../storage/tables/keys.ts'
import { deletePassword, findPassword } from '../storage/tables/passwords.ts'
import { deleteInvitationsOf, endSessionsOf } from '../storage/tables/people.ts'
import type { User } from '../storage/tables/user.ts'
import { findUser, hasOtherActiveOwner, updateUser as saveUser } from '../storage/tables/users.ts'
import { couldGive } from './giver.ts'
import { authorityOf } from './user-authority.ts'
import { findTakenFaults, parseUserPermissions } from './user-input.ts'

export type UpdatedUser = {
  readonly user: User
  /** The keys that may do more from now on, up to what their maker could give. */
  readonly growingKeys: readonly MadeKeys[]
  /** The password is gone, and every session: who gave it could not give what the user may do from now on. */
  readonly passwordEnded: boolean
}

/**
 * Changes what the patch names. `isExpected` decides on the user's version (If-Match). Throws AppError: input faults,
 * `user_not_found`, `permission_escalation`, `precondition_failed`, `last_owner`.
 */
export async function updateUser(
  change: Change,
  userId: string,
  patch: UserUpdate,
  isExpected: (version: number) => boolean = () => true,
): Promise<UpdatedUser> {
  const user = isId('usr', userId) ? await findUser(change.db, change.ledger.id, userId) : undefined
  if (user === undefined) throw userNotFound()
  const next = await parsePatch(change, user, patch)
  assertNotAbove(change.principal, user.role, 'The user')
  if (!isExpected(user.version)) throw versionConflict('user', user)
  assertMayBecome(change, user, next)
  await assertOwnerLeft(change, user, next)
  const changes = changesBetween(present(user), present(next))
  change.revoke({ scope: 'user', id: user.id })
  if (Object.keys(changes).length === 0) return { user, growingKeys: [], passwordEnded: false }
  await saveUser(change.db, next)
  const isUrgent = isOnly(changes, 'status', 'inactive')
  await change.record({ action: 'user.updated', object: { type: 'user', id: user.id }, changes, isUrgent })
  // An invitation is for the user as it was: for that role, those permissions, that address, in that state.
  if (isIdentityChanged(user, next)) await deleteInvitationsOf(change.db, user.id)
  const hasGrown = isGrown(change, user, next)
  return {
    user: next,
    growingKeys: hasGrown ? await countGrowingKeys(change.db, user) : [],
    passwordEnded: hasGrown && (await endPasswordOfWeaker(change, next)),
  }
}

export function userNotFound(): AppError {
  return new AppError('user_not_found', 'There is no such user in your company.')
}

async function parsePatch(change: Change, user: User, patch: UserUpdate): Promise<User> {
  const faults: Fault[] = []
  const email = patch.email === undefined ? user.email : (patch.email?.toLowerCase() ?? null)
  const externalId = patch.externalId === undefined ? user.externalId : patch.externalId
  const permissions = parseUserPermissions(patch.permissions, faults)
  faults.push(
    ...(await findTakenFaults(change.db, user.companyId, {
      email: email === user.email ? null : email,
      externalId: externalId === user.externalId ? null : externalId,
    })),
  )
  if (faults.length > 0) throw inputError(faults)
  // A field of the contract that is forgotten here does not compile.
  const fields: Required<{ [Field in keyof UserUpdate]: unknown }> & Pick<User, keyof UserUpdate> = {
    name: patch.name ?? user.name,
    role: patch.role ?? user.role,
    status: patch.status ?? user.status,
    email,
    externalId,
    permissions: patch.permissions === undefined ? user.permissions : permissions,
  }
  return { ...user, ...fields, updatedAtMs: change.nowMs, version: user.version + 1 }
}

/**
 * What a user may, and what it is known by (an address to sign in with, an id that an outside issuer's tokens name),
 * is changed only by who could give all of it: what the user may, and what it would.
 */
function assertMayBecome(change: Change, user: User, next: User): void {
  const { principal } = change
  assertNotAbove(principal, next.role, 'What the user would become')
  if (!isIdentityChanged(user, next)) return
  // Shutting somebody out is for everyone who may change users: but for that alone.
  const isOnlyStopped =
    next.status === 'inactive' && !isIdentityChanged(user, { ...next, status: user.status })
  if (isOnlyStopped) return
  const isOperator = change.ledger.isOperator
  assertCovers(principal, authorityOf(user, isOperator))
  assertCovers(principal, authorityOf(next, isOperator))
  assertMayEqual(principal, next)
}

/** All of a user but what it is called. */
function isIdentityChanged(user: User, next: User): boolean {
  return (['role', 'permissions', 'status', 'email', 'externalId'] as const).some(
    (name) => !isDeepStrictEqual(next[name], user[name]),
  )
}

/** Whether there was a password to end. */
async function endPasswordOfWeaker(change: Change, user: User): Promise<boolean> {
  const password = await findPassword(change.db, user.id)
  if (password === undefined || couldGive(password.giver, user, change.ledger.isOperator)) return false
  await deletePassword(change.db, user.id)
  await endSessionsOf(change.db, user.id, change.nowMs)
  await change.record({ action: 'user.password_ended', object: { type: 'user', id: user.id } })
  return true
}

/** Whether the user may do something that it could not. */
function isGrown(change: Change, before: User, after: User): boolean {
  const isOperator = change.ledger.isOperator
  if (isAboveRole(after.role, before.role)) return true
  return lacks(authorityOf(before, isOperator), authorityOf(after, isOperator)) !== undefined
}

/** A deployment whose operator has no active owner could never be administered again. */
export async function assertOwnerLeft(change: Change, user: User, next: User): Promise<void> {
  const isOwner = ({ role, status }: User) => role === 'owner' && status === 'active'
  if (!change.ledger.isOperator || !isOwner(user) || isOwner(next)) return
  if (await hasOtherActiveOwner(change.db, user.companyId, user.id)) return
  throw new AppError(
    'last_owner',
    "This is the operator's last active owner: make another user an owner first.",
  )
}

function present(user: User) {
  return {
    name: user.name,
    role: user.role,
    email: user.email,
    externalId: user.externalId,
    permissions: user.permissions,
    status: user.status,
  }
}
