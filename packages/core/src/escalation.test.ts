import { describe, expect, test } from 'vitest'
import { aKey, onlyFrom } from '../test/verifiable-key.ts'
import {
  assertCovers,
  assertMayActForOthers,
  assertMayEqual,
  assertNotAbove,
  assertOwn,
  assertWithinReach,
} from './escalation.ts'
import type { CompanyId, UserId } from './ids.ts'
import { compileAuthority, ROLES, type Role } from './permission.ts'
import { hostPrincipal, type Principal, principalOf } from './principal.ts'
import { type Reach, UNBOUND } from './reach.ts'

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

describe('a bound key makes nobody its equal who reaches further', () => {
  const OTHER = 'usr_2' as UserId
  const HERE = 'cmp_1' as CompanyId
  const THERE = 'cmp_2' as CompanyId
  const bound = (reach: Partial<Reach>): Principal => ({
    ...aPrincipal('admin'),
    userId: ME,
    homeCompanyId: HERE,
    reach: { ...UNBOUND, ...reach },
  })
  const ending = bound({ expiresAtMs: 5_000 })

  test.each<[string, Parameters<typeof assertMayEqual>[1], boolean]>([
    ['its own user', { id: ME, companyId: HERE, role: 'developer' }, false],
    ['another user of its role', { id: OTHER, companyId: HERE, role: 'admin' }, false],
    ['a user of its role that is made just now', { companyId: HERE, role: 'admin' }, false],
    ['a weaker user', { id: OTHER, companyId: HERE, role: 'developer' }, true],
    ['a user of its role in another company', { id: OTHER, companyId: THERE, role: 'admin' }, true],
    ['whoever has its id in another company', { id: ME, companyId: THERE, role: 'developer' }, true],
  ])('%s', (_what, user, isAllowed) => {
    const attempts = [
      () => assertMayEqual(ending, user),
      () => assertWithinReach(ending, user, UNBOUND),
      () => assertWithinReach(ending, user, { ...UNBOUND, expiresAtMs: 5_001 }),
    ]
    for (const attempt of attempts) {
      if (isAllowed) expect(attempt).not.toThrow()
      else expect(attempt).toThrow(expect.objectContaining({ code: 'permission_escalation' }))
    }
    expect(() => assertWithinReach(ending, user, { ...UNBOUND, expiresAtMs: 5_000 })).not.toThrow()
    expect(() => assertMayEqual(bound({}), user)).not.toThrow()
  })

  const rate = [{ name: 'r', max: 5, span: 60 }]
  const quota = [{ name: 'quota', max: 5, span: 'day' as const }]
  test.each<[string, Partial<Reach>, string]>([
    ['expiresAt', { expiresAtMs: 5_000 }, 'ends sooner'],
    ['whitelistedIPs', onlyFrom('192.0.2.7'), 'is restricted to addresses'],
    ['rateLimits', { limits: rate }, 'has rate limits'],
    ['quota', { limits: quota }, 'has a quota'],
  ])('and is told which bound it is, and what to do: %s', (field, reach, which) => {
    const user = { id: ME, companyId: HERE, role: 'admin' as const }
    expect(() => assertWithinReach(bound(reach), user, UNBOUND)).toThrow(
      expect.objectContaining({
        detail: `The key you call with ${which}, and a key of the same user, or of one with the same role, may not reach further: leave ${field} out to give it the same, or sign in.`,
      }),
    )
    expect(() => assertMayEqual(bound(reach), user)).toThrow(
      expect.objectContaining({
        detail: `The key you call with ${which}, and its own user, or one with the same role, could do the same without that: sign in, or use a key without such a bound.`,
      }),
    )
  })
})
