import { type CompiledAuthority, compileAuthority } from '@latchkey/core/permission'
import type { User } from '../storage/tables/user.ts'

/** All that a user may. */
export function authorityOf(
  { role, permissions }: Pick<User, 'role' | 'permissions'>,
  isOperator: boolean,
): CompiledAuthority {
  return compileAuthority({
    role,
    isOperator,
    userPermissions: permissions,
    narrowings: [],
  })
}
