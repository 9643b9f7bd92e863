import { type CompiledAuthority, compileAuthority } from '@latchkey/core/permission'
import type { UserRow } from '../storage/schema.ts'

/** All that a user may. */
export function authorityOf(
  { role, permissions }: Pick<UserRow, 'role' | 'permissions'>,
  isOperator: boolean,
): CompiledAuthority {
  return compileAuthority({
    role,
    isOperator,
    userPermissions: permissions === null ? null : (JSON.parse(permissions) as string[]),
    narrowings: [],
  })
}
