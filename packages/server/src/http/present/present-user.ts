import type { User as UserOnTheWire } from '@latchkey/contract/schemas/users'
import type { User } from '../../storage/tables/user.ts'
import { presentTime } from './present-time.ts'

export function presentUser(user: User): UserOnTheWire {
  return {
    id: user.id,
    companyId: user.companyId,
    name: user.name,
    role: user.role,
    email: user.email,
    externalId: user.externalId,
    permissions: user.permissions,
    status: user.status,
    createdAt: presentTime(user.createdAtMs),
    updatedAt: presentTime(user.updatedAtMs),
  }
}
