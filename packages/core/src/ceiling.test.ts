import { describe, expect, test } from 'vitest'
import { authorityUnder, type Ceiling, ceilingOf, lowerCeiling } from './ceiling.ts'
import { compileAuthority, isPermitted, type Role } from './permission.ts'

const authority = (role: Role, isOperator = false, ...narrowings: readonly (readonly string[])[]) =>
  compileAuthority({ role, isOperator, userPermissions: null, narrowings })

const ORDERS: Ceiling = { role: 'owner', permissions: ['orders:*'] }
const READS: Ceiling = { role: 'owner', permissions: ['orders:read', 'keys:list'] }

describe('whoever makes a key leaves on it what it could give', () => {
  test('nothing where it could give everything', () => {
    expect(ceilingOf('owner', false, authority('owner'))).toBeNull()
    expect(ceilingOf('owner', true, authority('owner', true))).toBeNull()
  })

  test.each<readonly [string, Role, boolean, ReturnType<typeof authority>]>([
    ['an owner who is narrowed', 'owner', false, authority('owner', false, ['orders:read'])],
    ['an admin', 'admin', false, authority('admin')],
    ['an admin who could do all the same', 'admin', false, authority('owner')],
    ['an owner of the operator without its own permissions', 'owner', true, authority('owner', false)],
  ])('%s: role and permissions', (_, role, isOperator, given) => {
    const ceiling = ceilingOf(role, isOperator, given)
    expect(ceiling?.role).toBe(role)
    expect(ceiling?.permissions.length).toBeGreaterThan(0)
    for (const permission of ceiling!.permissions) {
      if (!permission.includes('*')) expect(isPermitted(given, permission)).toBe(true)
    }
  })

  test('exactly those it has', () => {
    expect(ceilingOf('owner', false, authority('owner', false, ['orders:read', 'orders:write']))).toEqual({
      role: 'owner',
      permissions: ['orders:read', 'orders:write'],
    })
  })
})

describe('of two ceilings', () => {
  test('the only one counts', () => {
    expect(lowerCeiling(ORDERS, null, false)).toEqual(ORDERS)
    expect(lowerCeiling(null, ORDERS, false)).toEqual(ORDERS)
    expect(lowerCeiling(null, null, false)).toBeNull()
  })

  test('what both let through, and the lower role', () => {
    const expected = { role: 'developer', permissions: ['orders:read'] }
    const lower = { ...READS, role: 'developer' } as const
    expect(lowerCeiling(ORDERS, lower, false)).toEqual(expected)
    expect(lowerCeiling(lower, ORDERS, false)).toEqual(expected)
  })
})

describe('a key may do', () => {
  const user = { role: 'owner', isOperator: false, userPermissions: null } as const
  const can = (permissions: readonly string[] | null, ceiling: Ceiling | null, what: string) =>
    isPermitted(authorityUnder(user, permissions, ceiling).authority, what)

  test.each<readonly [readonly string[] | null, Ceiling | null, string, boolean]>([
    [null, null, 'orders:write', true],
    [['orders:*'], null, 'orders:write', true],
    [['orders:*'], null, 'bills:read', false],
    [null, READS, 'orders:read', true],
    [null, READS, 'orders:write', false],
    [['orders:*'], READS, 'orders:read', true],
    [['orders:*'], READS, 'orders:write', false],
    [['orders:write'], READS, 'orders:read', false],
  ])('with the list %j under %j: %s is %s', (permissions, ceiling, what, isAllowed) => {
    expect(can(permissions, ceiling, what)).toBe(isAllowed)
  })

  test('what the lower of both roles may', () => {
    const under = (role: Role) => authorityUnder(user, null, { role, permissions: ['*'] })
    expect(under('viewer').role).toBe('viewer')
    expect(isPermitted(under('viewer').authority, 'users:create')).toBe(false)
    expect(isPermitted(under('owner').authority, 'users:create')).toBe(true)
    const viewer = authorityUnder({ ...user, role: 'viewer' }, null, { role: 'owner', permissions: ['*'] })
    expect(viewer.role).toBe('viewer')
    expect(authorityUnder({ ...user, role: 'viewer' }, null, null).role).toBe('viewer')
    expect(isPermitted(viewer.authority, 'users:create')).toBe(false)
  })
})
