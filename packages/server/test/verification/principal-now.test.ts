import { parseAddress } from '@latchkey/core/address'
import { AppError } from '@latchkey/core/error'
import { type Attempt, evaluate, IN_FORCE } from '@latchkey/core/evaluate'
import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { CompanyId, KeyId, SessionId, UserId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import { NOT_FOUND, type Outcome } from '@latchkey/core/outcome'
import { compileAuthority, listPermissions, type Role } from '@latchkey/core/permission'
import { type PresentedToken, principalOf } from '@latchkey/core/principal'
import { describe, expect, test } from 'vitest'
import { principalNow } from '../../src/verification/principal-now.ts'
import { refusalError } from '../../src/verification/refusal.ts'

const NOW_MS = Date.UTC(2026, 10, 20)
const ADDRESS = parseAddress('192.0.2.7')

function aKey(changes: Partial<VerifiableKey> = {}): VerifiableKey {
  const role: Role = changes.role ?? 'owner'
  const isOperator = changes.isOperator ?? false
  return {
    id: 'key_1' as KeyId,
    companyId: 'cmp_1' as CompanyId,
    userId: 'usr_1' as UserId,
    mode: 'live',
    isActive: true,
    isUserActive: true,
    isCompanyActive: true,
    expiresAtMs: null,
    allowlist: null,
    role,
    isOperator,
    authority: compileAuthority({ role, isOperator, userPermissions: null, narrowings: [] }),
    limits: null,
    metadata: {},
    ...changes,
  }
}

/** Of a role that lacks what is asked. */
const outcomeOf = (
  code: Exclude<Outcome['code'], 'NOT_FOUND'>,
  key = aKey({ role: 'developer' }),
): Outcome => ({
  code,
  key,
  secret: undefined,
})
const aToken = (expiresAtMs: number): PresentedToken => ({
  use: 'access',
  permissions: ['keys:list'],
  secretOrdinal: null,
  expiresAtMs,
  subject: null,
})

const USE: Attempt = { ...IN_FORCE, address: ADDRESS, nowMs: NOW_MS }

const SESSION = aKey({ id: 'ses_01h455vb4pex5vsknk084sn02q' as SessionId })

describe('whoever is refused is told why, by code and sentence', () => {
  test.each<[string, Outcome, string, string]>([
    ['INACTIVE', outcomeOf('INACTIVE'), 'key_inactive', 'The key was deleted or disabled.'],
    ['EXPIRED', outcomeOf('EXPIRED'), 'key_expired', 'The key has expired.'],
    [
      'INACTIVE of a session',
      outcomeOf('INACTIVE', SESSION),
      'token_expired',
      'The session has ended: sign in again.',
    ],
    [
      'EXPIRED of a session',
      outcomeOf('EXPIRED', SESSION),
      'token_expired',
      'The session has ended: sign in again.',
    ],
    [
      'USER_INACTIVE',
      outcomeOf('USER_INACTIVE', SESSION),
      'user_inactive',
      'The user the credential stands for is deactivated.',
    ],
    [
      'COMPANY_INACTIVE',
      outcomeOf('COMPANY_INACTIVE'),
      'company_inactive',
      'The company the credential belongs to is deactivated.',
    ],
    [
      'IP_NOT_ALLOWED',
      outcomeOf('IP_NOT_ALLOWED'),
      'ip_not_allowed',
      'The key may not be used from 192.0.2.7, the address seen. Add it to whitelistedIPs, or, if it is a proxy of yours, name that in LATCHKEY_TRUSTED_PROXIES.',
    ],
    [
      'IP_REQUIRED',
      outcomeOf('IP_REQUIRED'),
      'client_ip_unknown',
      'The key is restricted to addresses and the address of this request cannot be told: check X-Forwarded-For.',
    ],
    ['NOT_FOUND', NOT_FOUND, 'invalid_credentials', 'The credential is not valid.'],
    [
      'INSUFFICIENT_PERMISSIONS',
      outcomeOf('INSUFFICIENT_PERMISSIONS'),
      'missing_permission',
      'This needs the permission audit:read, which your credential does not have.',
    ],
  ])('%s', (_name, outcome, code, detail) => {
    const error = refusalError(outcome, { ...USE, permissions: ['keys:list', 'audit:read'] })
    expect(error).toBeInstanceOf(AppError)
    expect({ code: error.code, detail: error.detail }).toEqual({ code, detail })
  })

  /** What is told of a key whose presented secret ends at that moment. */
  const refusalOf = (code: 'INACTIVE' | 'EXPIRED', endsAtMs: number | null) => {
    const tag = 'a tag' as Fingerprint
    const secret = { tag, ordinal: 1, endsAtMs, replaces: null }
    return refusalError({ code, key: aKey(), secret }, USE).detail
  }

  test('a secret that was replaced has ended, and when', () => {
    const sentence = 'The key has a new secret: the one you sent was replaced and has ended'
    expect(refusalOf('INACTIVE', NOW_MS)).toBe(`${sentence}, on 2026-11-20T00:00:00.000Z.`)
    expect(refusalOf('INACTIVE', 1)).toBe(`${sentence}, on 1970-01-01T00:00:00.001Z.`)
    // No moment is known.
    expect(refusalOf('INACTIVE', 0)).toBe(`${sentence}.`)
  })

  test('a secret that has not ended is not what a key is refused for', () => {
    for (const endsAtMs of [NOW_MS + 1, null])
      expect(refusalOf('INACTIVE', endsAtMs)).toBe('The key was deleted or disabled.')
    expect(refusalOf('EXPIRED', NOW_MS)).toBe('The key has expired.')
  })

  test('an address that nobody knows is in no sentence', () => {
    expect(refusalError(outcomeOf('IP_NOT_ALLOWED'), { ...USE, address: undefined }).code).toBe(
      'invalid_credentials',
    )
  })
})

describe('who a principal is by now', () => {
  const before = principalOf(aKey(), undefined)

  test('is what its key is by now, not what it was', () => {
    const now = principalNow(before, outcomeOf('VALID', aKey({ role: 'viewer' })), USE)
    expect(now.role).toBe('viewer')
    expect(listPermissions(now.authority)).toEqual(['keys:list', 'keys:read'])
  })

  test.each<[string, Outcome, string]>([
    ['is gone', NOT_FOUND, 'invalid_credentials'],
    ['was deleted', outcomeOf('INACTIVE'), 'key_inactive'],
    ['belongs to a user who was deactivated', outcomeOf('USER_INACTIVE'), 'user_inactive'],
    ['was narrowed to other addresses', outcomeOf('IP_NOT_ALLOWED'), 'ip_not_allowed'],
  ])('is nobody when its key %s', (_name, outcome, code) => {
    expect(() => principalNow(before, outcome, USE)).toThrow(expect.objectContaining({ code }))
  })

  test('says of a key that is gone that it is not valid any more', () => {
    expect(() => principalNow(before, NOT_FOUND, USE)).toThrow('The credential is not valid any more.')
  })

  test('is told that its token is over, where its key is gone too', () => {
    const gone = (expiresAtMs: number) => () =>
      principalNow(before, NOT_FOUND, { ...USE, token: aToken(expiresAtMs) })
    expect(gone(NOW_MS)).toThrow(expect.objectContaining({ code: 'token_expired' }))
    expect(gone(NOW_MS + 1)).toThrow(expect.objectContaining({ code: 'invalid_credentials' }))
  })

  test.each([
    [NOW_MS + 1, false],
    [NOW_MS, true],
    [NOW_MS - 1, true],
  ])('is nobody from the millisecond on in which its token ends: %i, %s', (expiresAtMs, isOver) => {
    const withToken = principalOf(aKey(), aToken(expiresAtMs))
    const use = { ...USE, token: withToken.token }
    const attempt = () => principalNow(withToken, evaluate(aKey(), use), use)
    if (isOver) {
      expect(attempt).toThrow(
        expect.objectContaining({
          code: 'token_expired',
          detail: 'The token has expired: get a new one.',
        }),
      )
    } else {
      expect(listPermissions(attempt().authority)).toEqual(['keys:list'])
    }
  })

  test('acts for another company only while it is an operator that may', () => {
    const operator = aKey({ isOperator: true })
    const abroad = { ...principalOf(operator, undefined), companyId: 'cmp_2' as CompanyId }
    expect(principalNow(abroad, outcomeOf('VALID', operator), USE)).toMatchObject({
      companyId: 'cmp_2',
      homeCompanyId: 'cmp_1',
    })
    for (const changes of [{ isOperator: false }, { isOperator: true, role: 'admin' as const }]) {
      expect(() => principalNow(abroad, outcomeOf('VALID', aKey(changes)), USE)).toThrow(
        expect.objectContaining({ code: 'missing_permission' }),
      )
      expect(principalNow(before, outcomeOf('VALID', aKey(changes)), USE).companyId).toBe('cmp_1')
    }
  })
})
