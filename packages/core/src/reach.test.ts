import { describe, expect, test } from 'vitest'
import { compileAllowlist } from './allowlist.ts'
import type { Limit } from './limit.ts'
import { exceeds, type Reach, UNBOUND } from './reach.ts'

const of = (
  entries: readonly string[] | null,
  expiresAtMs: number | null = null,
  limits: Reach['limits'] = null,
): Reach => ({
  allowlist: entries === null ? null : compileAllowlist(entries),
  expiresAtMs,
  limits,
})
const often = (max: number, span: Limit['span'], name = typeof span === 'number' ? 'rate' : 'quota') =>
  of(null, null, [{ name, max, span }])

describe('a reach within another goes beyond it in nothing', () => {
  test.each([
    [of(null), UNBOUND],
    [of(['192.0.2.1']), of(null)],
    [of(['192.0.2.1']), of(['192.0.2.1'])],
    [of(['192.0.2.1', '192.0.2.200']), of(['192.0.2.0/24'])],
    // Neighbours are one range.
    [of(['10.0.0.0/8']), of(['10.0.0.0/9', '10.128.0.0/9'])],
    [of(['10.1.0.0/16', '203.0.113.7']), of(['10.0.0.0/8', '192.0.2.0/24', '203.0.113.0/24'])],
    [of(['2001:db8::1', '2001:db8:0:1::/64']), of(['2001:db8::/32'])],
    [of(['192.0.2.1', '2001:db8::1']), of(['0.0.0.0/0', '::/0'])],
    [of(['192.0.2.1'], 5), of(['192.0.2.0/24'], 5)],
    [of(null, 4), of(null, 5)],
    [often(5, 60), UNBOUND],
    [often(5, 60), often(5, 60)],
    [often(4, 60), often(5, 60)],
    // So many in an hour are no more in any minute of it.
    [often(5, 3_600), often(5, 60)],
    [often(5, 'month'), often(5, 'day')],
    [of(null, null, [...often(5, 60).limits!, ...often(9, 'day').limits!]), often(5, 60)],
  ])('%#', (wanted, held) => {
    expect(exceeds(wanted, held)).toBeUndefined()
  })
})

describe('one that reaches further names the field', () => {
  test.each([
    ['whitelistedIPs', of(null), of(['0.0.0.0/0', '::/0'])],
    ['whitelistedIPs', of(['192.0.2.0/24']), of(['192.0.2.0/25'])],
    ['whitelistedIPs', of(['192.0.2.0/24']), of(['192.0.2.0/25', '192.0.2.129/32'])],
    ['whitelistedIPs', of(['192.0.1.255']), of(['192.0.2.0/24'])],
    ['whitelistedIPs', of(['192.0.3.0']), of(['192.0.2.0/24'])],
    ['whitelistedIPs', of(['2001:db8::/31']), of(['2001:db8::/32'])],
    ['whitelistedIPs', of(['2001:db8::1']), of(['192.0.2.0/24'])],
    ['whitelistedIPs', of(['192.0.2.1']), of(['::/0'])],
    ['whitelistedIPs', of(['192.0.2.1', '198.51.100.1']), of(['192.0.2.1'])],
    ['expiresAt', of(null, null), of(null, 5)],
    ['expiresAt', of(null, 6), of(null, 5)],
    ['whitelistedIPs', of(null, 6), of(['192.0.2.1'], 5)],
    ['rateLimits', of(null), often(5, 60)],
    ['rateLimits', often(6, 60), often(5, 60)],
    ['rateLimits', often(5, 59), often(5, 60)],
    // Under another name it would begin anew.
    ['rateLimits', often(5, 60, 'other'), often(5, 60)],
    ['rateLimits', often(5, 'day'), often(5, 60)],
    ['quota', of(null), often(5, 'day')],
    ['quota', often(6, 'day'), often(5, 'day')],
    ['quota', often(5, 'day'), often(5, 'month')],
    ['quota', often(5, 86_400), often(5, 'day')],
  ])('%s %#', (field, wanted, held) => {
    expect(exceeds(wanted, held)).toBe(field)
  })
})

test('a list that is compiled when it is asked for is not, where any address may be used', () => {
  const compiledLate: Reach = {
    ...UNBOUND,
    get allowlist(): never {
      throw new Error('compiled')
    },
  }
  expect(exceeds(compiledLate, of(null, 5))).toBe('expiresAt')
})
