import { describe, expect, it } from 'vitest'
import { aKey, anAttempt, fingerprintOf, NOW_MS, onlyFrom } from '../test/verifiable-key.ts'
import { parseAddress } from './address.ts'
import { type Attempt, evaluate } from './evaluate.ts'
import type { CompanyId } from './ids.ts'
import type { VerifiableKey } from './key.ts'
import type { OutcomeCode } from './outcome-code.ts'
import type { PresentedToken } from './principal.ts'

const aToken = (changes: Partial<PresentedToken> = {}): PresentedToken => ({
  use: 'access',
  permissions: null,
  secretOrdinal: null,
  expiresAtMs: NOW_MS + 1,
  subject: null,
  ...changes,
})

/** Every check with a key and an attempt that fail it, in the promised order. */
const CHECKS: readonly (readonly [OutcomeCode, Partial<VerifiableKey>, Partial<Attempt>])[] = [
  ['NOT_FOUND', {}, { visibleTo: 'cmp_2' as CompanyId }],
  ['INACTIVE', { isActive: false }, {}],
  ['EXPIRED', { expiresAtMs: NOW_MS }, {}],
  ['USER_INACTIVE', { isUserActive: false }, {}],
  ['COMPANY_INACTIVE', { isCompanyActive: false }, {}],
  ['IP_NOT_ALLOWED', onlyFrom('192.0.2.0/24'), { address: parseAddress('198.51.100.1')! }],
  ['INSUFFICIENT_PERMISSIONS', {}, { permissions: ['orders:read', 'audit:read'] }],
]

describe('evaluate', () => {
  it('answers those who see the company of the key', () => {
    const key = aKey({ companyId: 'cmp_2' as CompanyId })
    expect(evaluate(key, anAttempt({ visibleTo: 'cmp_2' as CompanyId }))).toMatchObject({
      code: 'VALID',
      key,
    })
  })

  it('answers VALID with the key when no check fails', () => {
    const key = aKey(onlyFrom('192.0.2.0/24'))
    const address = parseAddress('192.0.2.7')
    expect(evaluate(key, anAttempt({ address, permissions: ['orders:read'] }))).toEqual({
      code: 'VALID',
      key,
      secret: undefined,
    })
  })

  it.each(CHECKS)('answers %s when only that check fails', (code, key, attempt) => {
    expect(evaluate(aKey(key), anAttempt(attempt)).code).toBe(code)
  })

  it('answers the first failing check, in the promised order, when all later ones fail too', () => {
    for (const [index, [code]] of CHECKS.entries()) {
      const rest = CHECKS.slice(index)
      const key = aKey(Object.assign({}, ...rest.map(([, changes]) => changes)))
      const attempt = anAttempt(Object.assign({}, ...rest.map(([, , changes]) => changes)))
      expect(evaluate(key, attempt).code).toBe(code)
    }
  })

  it('refuses a restricted key whose address is not known', () => {
    expect(evaluate(aKey(onlyFrom('0.0.0.0/0', '::/0')), anAttempt()).code).toBe('IP_REQUIRED')
  })

  it('counts a key as expired from its very last millisecond on', () => {
    expect(evaluate(aKey({ expiresAtMs: NOW_MS + 1 }), anAttempt()).code).toBe('VALID')
    expect(evaluate(aKey({ expiresAtMs: NOW_MS }), anAttempt()).code).toBe('EXPIRED')
  })

  it('lets a key do to itself what it has no permission for, by its secret only', () => {
    const key = aKey()
    const asked = { permissions: ['audit:read'], exempt: key.id }
    expect(evaluate(key, anAttempt(asked)).code).toBe('VALID')
    expect(evaluate(key, anAttempt({ ...asked, exempt: 'key_other' })).code).toBe('INSUFFICIENT_PERMISSIONS')
    expect(evaluate(key, anAttempt({ ...asked, token: aToken() })).code).toBe('INSUFFICIENT_PERMISSIONS')
  })

  it('gives a token no more than it carries, and no more than its key has', () => {
    const codeOf = (permissions: string[] | null, needed: string) =>
      evaluate(aKey(), anAttempt({ permissions: [needed], token: aToken({ permissions }) })).code
    expect(codeOf(['orders:read'], 'orders:read')).toBe('VALID')
    expect(codeOf(['orders:read'], 'orders:write')).toBe('INSUFFICIENT_PERMISSIONS')
    expect(codeOf(['*'], 'audit:read')).toBe('INSUFFICIENT_PERMISSIONS')
    expect(codeOf(null, 'orders:write')).toBe('VALID')
  })

  it('judges the end of the presented secret by the clock, as part of the status', () => {
    const codeOf = (endsAtMs: number | null, key = aKey()) =>
      evaluate(key, anAttempt(), { tag: fingerprintOf(1), ordinal: 1, endsAtMs, replaces: null }).code
    expect(codeOf(null)).toBe('VALID')
    expect(codeOf(NOW_MS + 1)).toBe('VALID')
    expect(codeOf(NOW_MS)).toBe('INACTIVE')
    expect(codeOf(NOW_MS, aKey({ expiresAtMs: NOW_MS }))).toBe('INACTIVE')
  })

  it('counts a token as expired from its very last millisecond on, after all that comes before in the order', () => {
    const codeOf = (expiresAtMs: number, key = aKey()) =>
      evaluate(key, anAttempt({ token: aToken({ expiresAtMs }) })).code
    expect(codeOf(NOW_MS + 1)).toBe('VALID')
    expect(codeOf(NOW_MS)).toBe('EXPIRED')
    expect(codeOf(NOW_MS, aKey({ isActive: false }))).toBe('INACTIVE')
    expect(codeOf(NOW_MS, aKey({ isUserActive: false }))).toBe('EXPIRED')
  })

  it('tells nothing of a key that is not visible', () => {
    expect(evaluate(aKey(), anAttempt({ visibleTo: 'cmp_2' as CompanyId })).key).toBeUndefined()
  })
})
