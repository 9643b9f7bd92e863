import { expect, test } from 'vitest'
import { parseAddress } from './address.ts'
import { networkOf, siteOf } from './network.ts'

test.each([
  ['198.51.100.7', '198.51.100.7', undefined],
  ['::ffff:198.51.100.7', '198.51.100.7', undefined],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:db8:1:2:ffff::', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:db8:1:3::1', '2001:db8:1:3::/64', '2001:db8:1::/48'],
  ['2001:db8:1:ffff::1', '2001:db8:1:ffff::/64', '2001:db8:1::/48'],
  ['2001:db8:8001:2::1', '2001:db8:8001:2::/64', '2001:db8:8001::/48'],
  ['2001:db9:1:2::1', '2001:db9:1:2::/64', '2001:db9:1::/48'],
  ['2001:db8::', '2001:db8::/64', '2001:db8::/48'],
  ['no address', 'unknown', undefined],
])('%s is of the network %s, and of the site %s', (text, network, site) => {
  const address = parseAddress(text)
  expect([networkOf(address), siteOf(address)]).toEqual([network, site])
})
