import { type Fault, inputError } from '@latchkey/core/error'
import { assertCovers, assertNotAbove } from '@latchkey/core/escalation'
import { compileAuthority, type Role } from '@latchkey/core/permission'
import { assertRoomForOne } from '@latchkey/core/quota'
import type { Change } from '../changes/change.ts'
import type { UserRow } from '../storage/schema.ts'
import { insertUser } from '../storage/users.ts'
import { findTakenFaults, parseUserPermissions } from './user-input.ts'

export type NewUser = {
  readonly name: string
  readonly role: Role
  readonly email?: string | null
  readonly externalId?: string | null
  readonly permissions?: readonly string[] | null
}

/**
 * Creates a user of the company that is changed. Throws AppError: input faults (also for an email or external id
 * that is taken), `permission_escalation`, `quota_exceeded`. `usersMax`: how many the company may have; absent on the
 * host, which nobody can flood.
 */
export async function createUser(
  change: Change,
  input: NewUser,
  usersMax: number = Number.POSITIVE_INFINITY,
): Promise<UserRow> {
  const { principal, ledger } = change
  const faults: Fault[] = []
  const permissions = parseUserPermissions(input.permissions, faults)
  const email = input.email?.toLowerCase() ?? null
  const externalId = input.externalId ?? null
  faults.push(...(await findTakenFaults(change.db, ledger.id, { email, externalId })))
  if (faults.length > 0) throw inputError(faults)
  assertNotAbove(principal, input.role, 'The new user')
  const isOperator = ledger.is_operator === 1
  assertCovers(
    principal,
    compileAuthority({ role: input.role, isOperator, userPermissions: permissions, narrowings: [] }),
  )
  assertRoomForOne(
    { noun: 'users', setting: 'LATCHKEY_USERS_PER_COMPANY', max: usersMax },
    ledger.users_count,
  )
  const row: UserRow = {
    id: change.nextId('usr'),
    company_id: ledger.id,
    name: input.name,
    role: input.role,
    email,
    external_id: externalId,
    permissions: permissions === null ? null : JSON.stringify(permissions),
    status: 'active',
    keys_active: 0,
    keys_inactive: 0,
    created_at: change.nowMs,
    updated_at: change.nowMs,
    version: 1,
    deleted_at: null,
  }
  await insertUser(change.db, row)
  ledger.users_count += 1
  await change.record({
    action: 'user.created',
    object: { type: 'user', id: row.id },
    changes: { role: [null, row.role], externalId: [null, externalId], permissions: [null, permissions] },
  })
  return row
}
