import type { CompanyId, UserId } from '@latchkey/core/ids'
import type { Role } from '@latchkey/core/permission'

/* A user of the domain, and the row that holds it: see key.ts. */

export type User = {
  readonly id: UserId
  readonly companyId: CompanyId
  readonly name: string
  readonly role: Role
  /** In lower case. */
  readonly email: string | null
  /** The host application's own id of it. */
  readonly externalId: string | null
  /** Narrows the application's permissions; null: all that the role allows. */
  readonly permissions: readonly string[] | null
  readonly status: 'active' | 'inactive'
  readonly keysActive: number
  readonly keysInactive: number
  /** Milliseconds since the epoch, as every time here. */
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly version: number
  /** null: it is not deleted. */
  readonly deletedAtMs: number | null
}

export type UserRow = {
  id: UserId
  company_id: CompanyId
  name: string
  role: Role
  email: string | null
  external_id: string | null
  permissions: string | null
  status: 'active' | 'inactive'
  keys_active: number
  keys_inactive: number
  created_at: number
  updated_at: number
  version: number
  /** The row of a deleted user stays, for its keys, without the values that tell who it was. */
  deleted_at: number | null
}

export function userOf(row: UserRow): User {
  return {
    id: row.id,
    companyId: row.company_id,
    name: row.name,
    role: row.role,
    email: row.email,
    externalId: row.external_id,
    permissions: row.permissions === null ? null : (JSON.parse(row.permissions) as string[]),
    status: row.status,
    keysActive: row.keys_active,
    keysInactive: row.keys_inactive,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
    version: row.version,
    deletedAtMs: row.deleted_at,
  }
}

export function rowOfUser(user: User): UserRow {
  return {
    id: user.id,
    company_id: user.companyId,
    name: user.name,
    role: user.role,
    email: user.email,
    external_id: user.externalId,
    permissions: user.permissions === null ? null : JSON.stringify(user.permissions),
    status: user.status,
    keys_active: user.keysActive,
    keys_inactive: user.keysInactive,
    created_at: user.createdAtMs,
    updated_at: user.updatedAtMs,
    version: user.version,
    deleted_at: user.deletedAtMs,
  }
}
