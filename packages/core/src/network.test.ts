import { expect, test } from 'vitest'
import { parseAddress } from './address.ts'
import { networkOf } from './network.ts'

test.each([
  ['198.51.100.7', '198.51.100.7'],
  ['::ffff:198.51.100.7', '198.51.100.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::', '2001:db8::/64'],
])('%s is of the network %s', (text, network) => {
  expect(networkOf(parseAddress(text)!)).toBe(network)
})
