import {
  type CompiledAuthority,
  compileAuthority,
  lacks,
  lowerRole,
  namePermissions,
  type Role,
} from './permission.ts'

/**
 * What the maker of a key could give at that time: the key never may do more, even if its user is promoted. null:
 * everything.
 */
export type Ceiling = { readonly role: Role; readonly permissions: readonly string[] }

/** Of a key that this authority makes. */
export function ceilingOf(role: Role, isOperator: boolean, authority: CompiledAuthority): Ceiling | null {
  const everything = compileAuthority({ role: 'owner', isOperator, userPermissions: null, narrowings: [] })
  if (role === 'owner' && lacks(authority, everything) === undefined) return null
  return { role, permissions: namePermissions(authority) }
}

/** What both ceilings allow. */
export function lowerCeiling(
  one: Ceiling | null,
  other: Ceiling | null,
  isOperator: boolean,
): Ceiling | null {
  if (one === null || other === null) return one ?? other
  const owner = { role: 'owner', isOperator, userPermissions: null } as const
  const { role, authority } = authorityUnder(owner, other.permissions, one)
  return { role: lowerRole(role, other.role), permissions: namePermissions(authority) }
}

/** What a key may do: its user's authority, narrowed by its own list and by what its maker could give. */
export function authorityUnder(
  user: {
    readonly role: Role
    readonly isOperator: boolean
    readonly userPermissions: readonly string[] | null
  },
  permissions: readonly string[] | null,
  ceiling: Ceiling | null,
): { readonly role: Role; readonly authority: CompiledAuthority } {
  const role = ceiling === null ? user.role : lowerRole(user.role, ceiling.role)
  const narrowings = [permissions, ceiling?.permissions ?? null].filter((list) => list !== null)
  return { role, authority: compileAuthority({ ...user, role, narrowings }) }
}
