import { parseAddress } from '@latchkey/core/address'
import { expect, test } from 'vitest'
import { siteOf, sourceOf } from './source.ts'

const source = (text: string) => sourceOf(parseAddress(text))

test.each([
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['::ffff:192.0.2.1', '192.0.2.1', true],
  ['2001:db8::1', '2001:db8::ffff:ffff', true],
  ['2001:db8:0:1::1', '2001:db8::1', false],
  ['2001:db9::1', '2001:db8::1', false],
])('%s and %s are one source: %s', (one, other, isSame) => {
  expect(source(one) === source(other)).toBe(isSame)
})

test.each([
  ['2001:db8:1:1::1', '2001:db8:1:ffff::1', true],
  ['2001:db8:1:1::1', '2001:db8:2:1::1', false],
  ['2001:db8:2:1::1', '2001:db8:3:1::1', false],
  ['2001:db8::1', '2001:db9::1', false],
])('%s and %s are one site: %s', (one, other, isSame) => {
  expect(siteOf(source(one)) === siteOf(source(other))).toBe(isSame)
})

test('IPv4 addresses and unknown ones have no site; unknown ones are one source, and nobody else’s', () => {
  expect(siteOf(source('192.0.2.1'))).toBeUndefined()
  expect(siteOf(sourceOf(undefined))).toBeUndefined()
  expect(sourceOf(undefined)).toBe(sourceOf(undefined))
  expect(sourceOf(undefined)).not.toBe(source('0.0.0.0'))
})
