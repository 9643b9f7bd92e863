import { describe, expect, test } from 'vitest'
import { aKey } from '../test/verifiable-key.ts'
import { assertCovers, assertMayActForOthers, assertNotAbove, assertOwn } from './escalation.ts'
import type { CompanyId, UserId } from './ids.ts'
import { compileAuthority, ROLES, type Role } from './permission.ts'
import { hostPrincipal, type Principal, principalOf } from './principal.ts'

const ME = 'usr_1' as UserId

const aPrincipal = (role: Role, permissions: readonly string[] | null = null): Principal =>
  principalOf(aKey({ userId: ME, role, authority: authorityOf(role, permissions) }), undefined)

const authorityOf = (role: Role, permissions: readonly string[] | null) =>
  compileAuthority({
    role,
    isOperator: false,
    userPermissions: null,
    narrowings: permissions === null ? [] : [permissions],
  })

describe('nobody touches what stands above', () => {
  test.each(ROLES.flatMap((mine) => ROLES.map((other) => [mine, other] as const)))(
    'a principal with the role %s and a user with the role %s',
    (mine, other) => {
      const attempt = () => assertNotAbove(aPrincipal(mine), other, 'This user')
      if (ROLES.indexOf(other) >= ROLES.indexOf(mine)) expect(attempt).not.toThrow()
      else
        expect(attempt).toThrow(
          expect.objectContaining({
            code: 'permission_escalation',
            detail: `This user has the role ${other}, which is above yours (${mine}): ask someone with that role.`,
          }),
        )
    },
  )
})

describe('nobody grants what it lacks', () => {
  test.each([
    [['orders:read'], ['orders:read']],
    [['orders:*'], ['orders:read', 'orders:write']],
    [['keys:*', 'orders:*'], ['keys:list']],
    [null, ['keys:list', 'orders:*']],
  ])('%j covers %j', (mine, granted) => {
    expect(() => assertCovers(aPrincipal('admin', mine), authorityOf('admin', granted))).not.toThrow()
  })

  test.each([
    [['orders:read'], ['orders:write'], 'orders:write'],
    [['orders:read'], ['orders:*'], 'orders:*'],
    [['orders:*'], null, 'keys:list'],
    [['keys:read'], ['keys:list'], 'keys:list'],
  ])('%j does not cover %j, and the first that is missing is named', (mine, granted, missing) => {
    const attempt = () => assertCovers(aPrincipal('admin', mine), authorityOf('admin', granted))
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'permission_escalation',
        detail: `This would grant ${missing}, which your credential does not have: narrow "permissions", or use a credential that has it.`,
      }),
    )
  })
})

describe('a developer has its own keys only', () => {
  test.each<[Role, string, boolean]>([
    ['developer', ME, true],
    ['developer', 'usr_2', false],
    ['admin', 'usr_2', true],
    ['owner', 'usr_2', true],
  ])('a principal with the role %s and a key of %s: %s', (role, ownerId, isAllowed) => {
    const attempt = () => assertOwn(aPrincipal(role), ownerId, 'delete')
    if (isAllowed) expect(attempt).not.toThrow()
    else
      expect(attempt).toThrow(
        expect.objectContaining({
          code: 'missing_permission',
          detail: 'A developer may delete only its own keys; this one belongs to another user.',
        }),
      )
  })
})

describe('only an operator acts for another company', () => {
  const operator = (role: Role, narrowings: readonly (readonly string[])[]) =>
    principalOf(
      aKey({
        role,
        isOperator: true,
        authority: compileAuthority({ role, isOperator: true, userPermissions: null, narrowings }),
      }),
      undefined,
    )

  test.each([
    ['the operator’s owner', operator('owner', [])],
    ['the operator’s owner with that permission', operator('owner', [['companies:update']])],
    ['the host', hostPrincipal('cmp_1' as CompanyId)],
  ])('%s may', (_name, principal) => {
    expect(() => assertMayActForOthers(principal)).not.toThrow()
  })

  test.each([
    ['the owner of a company', aPrincipal('owner')],
    ['the operator’s admin', operator('admin', [])],
    ['the operator’s owner without that permission', operator('owner', [['companies:read', 'keys:*']])],
    // Whatever permissions say.
    ['nobody but an operator', { ...operator('owner', []), isOperator: false }],
  ])('%s may not', (_name, principal) => {
    expect(() => assertMayActForOthers(principal)).toThrow(
      expect.objectContaining({
        code: 'missing_permission',
        detail:
          'X-Company-Id is for the operator, with the permission companies:update: leave the header out.',
      }),
    )
  })
})
