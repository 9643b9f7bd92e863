import { describe, expect, test } from 'vitest'
import { aKey, onlyFrom } from '../test/verifiable-key.ts'
import type { CompanyId, KeyId, SessionId, UserId } from './ids.ts'
import { listPermissions } from './permission.ts'
import { hostPrincipal, nobody, type PresentedToken, principalOf, sightOf } from './principal.ts'
import { UNBOUND } from './reach.ts'

const COMPANY = 'cmp_1' as CompanyId
const aToken = (changes: Partial<PresentedToken> = {}): PresentedToken => ({
  use: 'access',
  permissions: null,
  secretOrdinal: null,
  expiresAtMs: 7_000,
  subject: null,
  ...changes,
})

describe('whom a credential proves its holder to be', () => {
  test('a key: whoever it belongs to, in its company, with what it may do', () => {
    const key = aKey({ mode: 'test', role: 'admin', isOperator: true, expiresAtMs: 9_000 })
    expect(principalOf(key, undefined)).toEqual({
      type: 'key',
      id: 'key_1',
      secretOrdinal: null,
      replaceByMs: null,
      token: undefined,
      isDerived: false,
      expiresAtMs: 9_000,
      userId: 'usr_1',
      homeCompanyId: 'cmp_1',
      companyId: 'cmp_1',
      mode: 'test',
      role: 'admin',
      isOperator: true,
      authority: key.authority,
      reach: key,
    })
  })

  test('a key is bound to its addresses and its end; a session and a user are not', () => {
    const bounds = { ...onlyFrom('192.0.2.0/24'), expiresAtMs: 9_000 }
    expect(principalOf(aKey(bounds), aToken()).reach).toMatchObject(bounds)
    for (const id of ['ses_1' as SessionId, 'usr_1' as UserId]) {
      expect(principalOf(aKey({ id, ...bounds }), undefined).reach).toEqual(UNBOUND)
    }
  })

  test.each([
    ['key_1' as KeyId, 'key'],
    ['ses_1' as SessionId, 'session'],
    ['usr_1' as UserId, 'user'],
  ] as const)('%s stands for a %s', (id, type) => {
    expect(principalOf(aKey({ id }), undefined)).toMatchObject({ id, type })
  })

  test.each([
    ['access', true],
    ['session', false],
    ['outside', false],
  ] as const)('with a token of the use %s it is derived from a key: %s', (use, isDerived) => {
    const token = aToken({ use })
    expect(principalOf(aKey(), token)).toMatchObject({ token, isDerived })
  })

  test.each([
    [undefined, null, null],
    [undefined, 9_000, 9_000],
    [aToken(), null, 7_000],
    [aToken(), 9_000, 7_000],
  ])(
    'it runs out with the token that was presented, else with the key',
    (token, expiresAtMs, runsOutAtMs) => {
      expect(principalOf(aKey({ expiresAtMs }), token).expiresAtMs).toBe(runsOutAtMs)
    },
  )

  test.each([
    [
      undefined,
      ['*:*', 'keys:create', 'keys:delete', 'keys:list', 'keys:read', 'keys:rotate', 'keys:update'],
    ],
    [aToken(), ['*:*', 'keys:create', 'keys:delete', 'keys:list', 'keys:read', 'keys:rotate', 'keys:update']],
    [aToken({ permissions: [] }), []],
    [aToken({ permissions: ['orders:read', 'keys:list', 'users:list'] }), ['keys:list', 'orders:read']],
  ])('a token takes away, and adds nothing', (token, permissions) => {
    expect(listPermissions(principalOf(aKey(), token).authority)).toEqual(permissions)
  })
})

test('a secret that was replaced says so, and until when it may be used', () => {
  const secret = { ordinal: 3, endsAtMs: 9_000 }
  expect(principalOf(aKey(), undefined, secret)).toMatchObject({ secretOrdinal: 3, replaceByMs: 9_000 })
})

test.each([
  ['it', null, 9_000],
  ['it, before its key', 10_000, 9_000],
  ['its key, before it', 8_000, 8_000],
])('what is made with a secret that was replaced ends with %s', (_what, expiresAtMs, endsAtMs) => {
  const secret = { ordinal: 3, endsAtMs: 9_000 }
  expect(principalOf(aKey({ expiresAtMs }), undefined, secret).reach.expiresAtMs).toBe(endsAtMs)
})

test('whoever runs a command on the server may do everything, in the company it names', () => {
  const host = hostPrincipal(COMPANY)
  expect(host).toMatchObject({
    type: 'host',
    id: null,
    token: undefined,
    isDerived: false,
    expiresAtMs: null,
    userId: null,
    homeCompanyId: null,
    companyId: COMPANY,
    mode: null,
    role: 'owner',
    isOperator: true,
    reach: UNBOUND,
  })
  expect(listPermissions(host.authority)).toEqual(['*'])
})

test('nobody may do nothing', () => {
  const none = nobody(COMPANY)
  expect(none).toMatchObject({
    type: 'none',
    id: null,
    token: undefined,
    isDerived: false,
    expiresAtMs: null,
    userId: null,
    homeCompanyId: null,
    companyId: COMPANY,
    mode: null,
    role: 'viewer',
    isOperator: false,
    reach: UNBOUND,
  })
  expect(listPermissions(none.authority)).toEqual([])
})

describe('the company whose keys a principal may see', () => {
  const [HOME, OTHER] = ['cmp_home', 'cmp_other'] as CompanyId[]
  const of = (isOperator: boolean, companyId: CompanyId) =>
    sightOf({ ...nobody(companyId), isOperator, homeCompanyId: HOME! })

  test.each([
    ['an operator at home sees those of all', true, HOME, null],
    ['an operator who acts for another sees those of that one', true, OTHER, OTHER],
    ['anybody else sees those of its own', false, HOME, HOME],
    ['and of no more', false, OTHER, OTHER],
  ])('%s', (_, isOperator, companyId, seen) => {
    expect(of(isOperator, companyId!)).toBe(seen)
  })
})
