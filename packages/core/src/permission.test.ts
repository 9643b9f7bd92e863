import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Authority,
  compileAuthority,
  isAboveRole,
  isPermitted,
  isReservedPermission,
  lacks,
  listPermissions,
  namePermissions,
  narrow,
  parsePermission,
  RESERVED,
  ROLES,
  type Role,
} from './permission.ts'

const KEYS = [
  'keys:list',
  'keys:read',
  'keys:create',
  'keys:update',
  'keys:rotate',
  'keys:delete',
  'keys:verify',
  'keys:import',
]
const KEYS_OF_TENANTS = KEYS.filter((permission) => permission !== 'keys:import')
const USERS = ['users:list', 'users:read', 'users:create', 'users:update', 'users:delete']
const COMPANIES = ['companies:list', 'companies:read', 'companies:create', 'companies:update']
const EVERY_RESERVED = [...KEYS, ...USERS, ...COMPANIES, 'audit:read']
/** What no list of these tests names, as `refunds:unnamed`: held only with a whole area, or with everything. */
const [UNNAMED_ACTION, UNNAMED_AREA] = ['orders:unnamed', 'unnamed:unnamed']
const APPLICATION = [
  'orders:read',
  'orders:write',
  'refunds:read',
  'refunds:unnamed',
  'a.b_c-d:1',
  UNNAMED_ACTION,
  UNNAMED_AREA,
]
const EVERY_CONCRETE = [...EVERY_RESERVED, ...APPLICATION]

function authority(role: Role, rest: Partial<Authority> = {}) {
  return compileAuthority({ role, isOperator: false, userPermissions: null, narrowings: [], ...rest })
}

/** The concrete permissions of these tests that an authority holds. */
function heldBy(compiled: ReturnType<typeof authority>): string[] {
  return EVERY_CONCRETE.filter((permission) => isPermitted(compiled, permission))
}

test('the reserved permissions are those of the contract', () => {
  const all = Object.entries(RESERVED).flatMap(([area, actions]) =>
    actions.map((action) => `${area}:${action}`),
  )
  expect(all.sort()).toEqual([...EVERY_RESERVED].sort())
})

describe('parsePermission', () => {
  test.each([
    ...['*', 'keys:*', 'audit:*', 'audit:read', 'orders:read', 'orders:*', 'a.b_c-d:0', 'constructor:read'],
    ...['__proto__:read', `${'a'.repeat(64)}:${'b'.repeat(64)}`],
  ])('accepts %s', (text) => {
    expect(parsePermission(text)).toEqual({ ok: true })
  })

  test.each([
    ...[
      '',
      ':',
      'orders',
      'orders:',
      ':read',
      'orders:read:all',
      '**',
      '*:*',
      '*:read',
      'orders:re*',
      'orders:**',
    ],
    ...[
      'Orders:read',
      'orders:Read',
      'orders: read',
      ' orders:read',
      'orders:read\n',
      'заказы:read',
      'a/b:c',
    ],
    ...[`${'a'.repeat(65)}:read`, `orders:${'b'.repeat(65)}`],
  ])('refuses %j and says what the form is', (text) => {
    expect(parsePermission(text)).toEqual({ detail: expect.stringContaining('area:action') })
  })

  test.each([
    ['keys:reed', 'did you mean keys:read?'],
    ['users:updates', 'did you mean users:update?'],
    ['users:purge', 'it has list, read, create, update, delete'],
    ['audit:purge', 'it has read'],
    ['companies:x', 'it has list, read, create, update'],
  ])('refuses %s, which its reserved area has not: %s', (text, hint) => {
    expect(parsePermission(text)).toEqual({ detail: expect.stringContaining(hint) })
  })
})

test.each([
  ['keys:read', true],
  ['keys:*', true],
  ['*', true],
  ['orders:read', false],
  ['constructor:read', false],
])('isReservedPermission(%s) is %s', (text, isReserved) => {
  expect(isReservedPermission(text)).toBe(isReserved)
})

test('a role is above those after it, and not above itself', () => {
  expect(ROLES).toEqual(['owner', 'admin', 'developer', 'viewer'])
  for (const [place, role] of ROLES.entries()) {
    expect(ROLES.filter((other) => isAboveRole(role, other))).toEqual(ROLES.slice(place + 1))
  }
})

describe('what a role holds', () => {
  test.each<[string, Role, boolean, readonly string[]]>([
    ['an owner of the operator', 'owner', true, EVERY_CONCRETE],
    ['an owner of a tenant', 'owner', false, [...KEYS_OF_TENANTS, ...USERS, 'audit:read', ...APPLICATION]],
    ['an admin of the operator', 'admin', true, [...KEYS, ...USERS, 'audit:read', ...APPLICATION]],
    ['an admin of a tenant', 'admin', false, [...KEYS_OF_TENANTS, ...USERS, 'audit:read', ...APPLICATION]],
    ['a developer', 'developer', false, [...KEYS.slice(0, 6), ...APPLICATION]],
    ['a developer of the operator', 'developer', true, [...KEYS.slice(0, 6), ...APPLICATION]],
    ['a viewer', 'viewer', false, ['keys:list', 'keys:read']],
    ['a viewer of the operator', 'viewer', true, ['keys:list', 'keys:read']],
  ])('%s', (_, role, isOperator, held) => {
    expect(heldBy(authority(role, { isOperator }))).toEqual(held)
  })

  test('nobody holds an action that a reserved area has not', () => {
    const owner = authority('owner', { isOperator: true, narrowings: [['*']] })
    for (const text of ['keys:purge', 'users:purge', 'audit:write', 'keys', 'keys:']) {
      expect(isPermitted(owner, text)).toBe(false)
    }
  })
})

describe('narrowing', () => {
  test('a user’s list narrows the application’s part and leaves the reserved one', () => {
    const user = authority('developer', { userPermissions: ['orders:read', 'keys:verify', 'users:*'] })
    expect(heldBy(user)).toEqual([...KEYS.slice(0, 6), 'orders:read'])
  })

  test('an empty list of a user leaves nothing of the application, an empty narrowing nothing at all', () => {
    expect(heldBy(authority('developer', { userPermissions: [] }))).toEqual(KEYS.slice(0, 6))
    expect(heldBy(authority('owner', { narrowings: [[]] }))).toEqual([])
  })

  test('a narrowing keeps what it names and the role has, and adds nothing', () => {
    const key = authority('viewer', { narrowings: [['*']] })
    expect(heldBy(key)).toEqual(['keys:list', 'keys:read'])
    expect(heldBy(authority('viewer', { narrowings: [['keys:delete', 'orders:*', 'keys:read']] }))).toEqual([
      'keys:read',
    ])
    expect(heldBy(authority('owner', { narrowings: [['orders:*', 'users:*']] }))).toEqual([
      ...USERS,
      'orders:read',
      'orders:write',
      UNNAMED_ACTION,
    ])
  })

  test('narrowings add up', () => {
    const token = authority('owner', {
      narrowings: [['orders:*', 'keys:read'], ['orders:read', 'keys:*'], ['*']],
    })
    expect(heldBy(token)).toEqual(['keys:read', 'orders:read'])
  })
})

const anyPattern = fc.constantFrom(
  ...['*', 'orders:*', 'refunds:*', 'keys:*', 'users:*', 'audit:*'],
  ...[
    'orders:read',
    'orders:write',
    'refunds:read',
    'a.b_c-d:1',
    'keys:list',
    'keys:verify',
    'companies:read',
  ],
)
const anyList = fc.array(anyPattern, { maxLength: 6 })
const anyAuthority: fc.Arbitrary<Authority> = fc.record({
  role: fc.constantFrom(...ROLES),
  isOperator: fc.boolean(),
  userPermissions: fc.option(anyList, { nil: null }),
  narrowings: fc.array(anyList, { maxLength: 3 }),
})
const anyCompiled = anyAuthority.map(compileAuthority)
/** A pattern stands for a member that no list names; `*:*` for an area that none names. */
const exampleOf = (text: string) => text.replace('*:*', UNNAMED_AREA).replace(':*', ':unnamed')

describe('for all authorities', () => {
  test('a permission is held when the role, the user’s list and every narrowing grant it', () => {
    const grants = (list: readonly string[], permission: string) =>
      list.some((text) => text === '*' || text === permission || text === `${permission.split(':')[0]}:*`)
    fc.assert(
      fc.property(anyAuthority, (given) => {
        const { role, isOperator, userPermissions, narrowings } = given
        const ofRole = heldBy(authority(role, { isOperator }))
        const expected = ofRole.filter(
          (permission) =>
            (userPermissions === null ||
              isReservedPermission(permission) ||
              grants(userPermissions, permission)) &&
            narrowings.every((list) => grants(list, permission)),
        )
        expect(heldBy(compileAuthority(given))).toEqual(expected)
      }),
      { numRuns: 2_000 },
    )
  })

  test('nothing is lacking exactly when everything the wanted one may, the holder may', () => {
    fc.assert(
      fc.property(anyCompiled, anyCompiled, (holder, wanted) => {
        const isCovered = heldBy(wanted).every((permission) => isPermitted(holder, permission))
        expect(lacks(holder, wanted) === undefined).toBe(isCovered)
      }),
      { numRuns: 5_000 },
    )
  })

  test('what is said to be lacking is held by the wanted one and not by the holder', () => {
    fc.assert(
      fc.property(anyCompiled, anyCompiled, (holder, wanted) => {
        const missing = lacks(holder, wanted)
        if (missing === undefined) return
        expect(isPermitted(wanted, exampleOf(missing))).toBe(true)
        expect(isPermitted(holder, exampleOf(missing))).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })

  test('narrowing never adds', () => {
    fc.assert(
      fc.property(anyCompiled, anyList, (compiled, list) => {
        expect(lacks(compiled, narrow(compiled, list))).toBeUndefined()
      }),
    )
  })

  test('the list for the wire says what is held: narrowing all of it by the list gives the same', () => {
    const everything = authority('owner', { isOperator: true })
    fc.assert(
      fc.property(anyCompiled, (compiled) => {
        const list = listPermissions(compiled)
        expect(heldBy(narrow(everything, list))).toEqual(heldBy(compiled))
        expect(heldBy(narrow(compiled, list))).toEqual(heldBy(compiled))
        expect(list).toEqual([...new Set(list)].sort())
      }),
      { numRuns: 2_000 },
    )
  })

  test('equal authorities have equal lists', () => {
    fc.assert(
      fc.property(anyCompiled, anyCompiled, (left, right) => {
        const isEqual = lacks(left, right) === undefined && lacks(right, left) === undefined
        expect(JSON.stringify(listPermissions(left)) === JSON.stringify(listPermissions(right))).toBe(isEqual)
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('the list for the wire', () => {
  test.each<[string, Role, Partial<Authority>, readonly string[]]>([
    ['everything', 'owner', { isOperator: true }, ['*']],
    ['an owner of a tenant', 'owner', {}, ['*:*', 'audit:*', ...KEYS_OF_TENANTS, 'users:*'].sort()],
    [
      'a developer',
      'developer',
      {},
      ['*:*', 'keys:create', 'keys:delete', 'keys:list', 'keys:read', 'keys:rotate', 'keys:update'],
    ],
    ['a viewer', 'viewer', {}, ['keys:list', 'keys:read']],
    ['nothing', 'owner', { narrowings: [[]] }, []],
    ['an area and one of it', 'owner', { narrowings: [['orders:read', 'orders:*']] }, ['orders:*']],
    [
      'every reserved one',
      'owner',
      { isOperator: true, userPermissions: [] },
      ['audit:*', 'companies:*', 'keys:*', 'users:*'],
    ],
  ])('%s', (_, role, rest, list) => {
    expect(listPermissions(authority(role, rest))).toEqual(list)
  })

  test('whoever changes the list changes it for nobody else', () => {
    const held = authority('viewer', {})
    listPermissions(held).push('companies:*')
    expect(listPermissions(held)).toEqual(['keys:list', 'keys:read'])
  })

  test('"all of the application" cannot be asked for in a request', () => {
    expect(parsePermission('*:*')).toHaveProperty('detail')
  })
})

describe('authorities in memory', () => {
  test('equal ones are one object, so that many keys cost no more than one', () => {
    const narrowed = () => authority('developer', { narrowings: [['keys:*']] })
    expect(narrowed()).toBe(narrowed())
  })

  test.each<[string, Role, Partial<Authority>]>([
    ['role', 'owner', {}],
    ['company', 'developer', { isOperator: true }],
    ['list of the user', 'developer', { userPermissions: [] }],
    ['narrowing', 'developer', { narrowings: [[]] }],
    ['narrowing of a narrowing', 'developer', { narrowings: [['keys:*'], ['keys:list']] }],
  ])('another %s is another authority', (_, role, rest) => {
    expect(authority(role, rest)).not.toBe(authority('developer', {}))
  })
})

describe('a list that is stored', () => {
  test('is no other authority, and has no wildcard that a release could widen', () => {
    const everything = authority('owner', { isOperator: true })
    fc.assert(
      fc.property(anyAuthority, (given) => {
        const held = compileAuthority(given)
        const names = namePermissions(held)
        expect(listPermissions(narrow(everything, names))).toEqual(listPermissions(held))
        const wildcards = names.filter((name) => name.endsWith('*') && name !== '*:*')
        expect(wildcards.filter(isReservedPermission)).toEqual([])
      }),
    )
  })

  test.each<[string, Role, Partial<Authority>, string[]]>([
    [
      'an area of ours',
      'owner',
      { narrowings: [['audit:*', 'keys:*']] },
      ['audit:read', ...KEYS_OF_TENANTS].sort(),
    ],
    ["an area of the application's", 'admin', { narrowings: [['orders:*']] }, ['orders:*']],
    ['everything', 'owner', { isOperator: true }, ['*:*', ...EVERY_RESERVED].sort()],
    ['a viewer', 'viewer', {}, ['keys:list', 'keys:read']],
  ])('says of %s', (_what, role, rest, names) => {
    expect(namePermissions(authority(role, rest))).toEqual(names)
  })
})
