import type { UserCreate } from '@latchkey/contract/schemas/users'
import { type Fault, inputError } from '@latchkey/core/error'
import { assertCovers, assertMayEqual, assertNotAbove } from '@latchkey/core/escalation'
import { compileAuthority } from '@latchkey/core/permission'
import { assertRoomForOne } from '@latchkey/core/quota'
import type { Change } from '../changes/change.ts'
import type { User } from '../storage/tables/user.ts'
import { insertUser } from '../storage/tables/users.ts'
import { findTakenFaults, parseUserPermissions } from './user-input.ts'

/**
 * Creates a user of the company that is changed. Throws AppError: input faults (also for an email or external id
 * that is taken), `permission_escalation`, `quota_exceeded`. `usersMax`: how many the company may have; absent on the
 * host, which nobody can flood.
 */
export async function createUser(
  change: Change,
  input: UserCreate,
  usersMax: number = Number.POSITIVE_INFINITY,
): Promise<User> {
  const { principal, ledger } = change
  const faults: Fault[] = []
  const permissions = parseUserPermissions(input.permissions, faults)
  const email = input.email?.toLowerCase() ?? null
  const externalId = input.externalId ?? null
  faults.push(...(await findTakenFaults(change.db, ledger.id, { email, externalId })))
  if (faults.length > 0) throw inputError(faults)
  assertNotAbove(principal, input.role, 'The new user')
  const isOperator = ledger.isOperator
  assertCovers(
    principal,
    compileAuthority({ role: input.role, isOperator, userPermissions: permissions, narrowings: [] }),
  )
  // Whoever has that id at an outside issuer is this user from now on; without one it needs an invitation first.
  if (externalId !== null) assertMayEqual(principal, { companyId: ledger.id, role: input.role })
  assertRoomForOne({ noun: 'users', setting: 'LATCHKEY_USERS_PER_COMPANY', max: usersMax }, ledger.usersCount)
  const user: User = {
    id: change.nextId('usr'),
    companyId: ledger.id,
    name: input.name,
    role: input.role,
    email,
    externalId,
    permissions,
    status: 'active',
    keysActive: 0,
    keysInactive: 0,
    createdAtMs: change.nowMs,
    updatedAtMs: change.nowMs,
    version: 1,
    deletedAtMs: null,
  }
  await insertUser(change.db, user)
  ledger.usersCount += 1
  await change.record({
    action: 'user.created',
    object: { type: 'user', id: user.id },
    changes: { role: [null, user.role], externalId: [null, externalId], permissions: [null, permissions] },
  })
  return user
}
