import { expect, it } from 'vitest'
import { blocks } from '../address-settings.ts'
import { diagnoseMetrics, diagnoseProxies } from './proxies.ts'

const levelsOf = (text: string) => [
  diagnoseProxies({ trustedProxies: blocks(text), publicUrl: null }, { kind: 'nobody' }).level,
  diagnoseMetrics({ metricsFrom: blocks(text) }).level,
]

it.each([
  '0.0.0.0/0',
  '::/0',
  '0.0.0.0/1,128.0.0.0/1',
  // A slip of the pen for 10.0.0.0/16.
  '10.0.0.0/1',
  '10.0.0.0/7',
  // Every address that the internet has of IPv6.
  '2000::/3',
  '2001::/15',
  // It holds every IPv4 address behind NAT64.
  '::/8',
  '10.0.0.7,fc00::/6',
  // Clients that have IPv4 only, as a network without it sees them.
  '64:ff9b::/96',
  '64:ff9b::/32',
  '64:ff9b::/103',
  '64:ff9b::8000:0/97',
  '2002::/16',
  '2002:c000::/23',
  '2001::/32',
])('%s is more than anybody has', (text) => {
  expect(levelsOf(text)).toEqual(['problem', 'warning'])
})

it.each([
  '10.0.0.0/8',
  '127.0.0.0/8,172.16.0.0/12,192.168.0.0/16',
  // Clouds and content networks.
  '104.16.0.0/13,104.24.0.0/14,2606:4700::/32,2a00::/16',
  // An IPv4 network of one's own behind NAT64, and in 6to4.
  '64:ff9b::a00:0/104,64:ff9b::c000:207,2002:a00::/24',
  '64:ff9b:1::/48,64:ff9a::/32,2001:1::/32,2003::/24',
  // Private, and of one link.
  'fc00::/7,fe80::/10',
])('%s is what somebody may have', (text) => {
  expect(levelsOf(text)).toEqual(['ok', 'ok'])
})
