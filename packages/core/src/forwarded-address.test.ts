import { describe, expect, test } from 'vitest'
import { formatAddress } from './address.ts'
import { compileAllowlist } from './allowlist.ts'
import { parsePeer, readForwarded } from './forwarded-address.ts'

const OURS = compileAllowlist(['10.0.0.0/8'])

function read(...lines: string[]): string | undefined {
  const address = readForwarded(lines, OURS)
  return address === undefined ? undefined : formatAddress(address)
}

describe('the client of a forwarded request', () => {
  test.each<[string, string[], string | undefined]>([
    ['the only hop', ['192.0.2.1'], '192.0.2.1'],
    ['the first from the right that is not ours', ['198.51.100.1, 192.0.2.1, 10.0.0.1'], '192.0.2.1'],
    ['of several lines in their order', ['192.0.2.1', '10.0.0.1'], '192.0.2.1'],
    ['the leftmost where all are ours', ['10.0.0.2, 10.0.0.1'], '10.0.0.2'],
    ['without its port', ['192.0.2.1:443'], '192.0.2.1'],
    ['without brackets', ['[2001:db8::1]:443'], '2001:db8::1'],
    ['unmapped', ['::ffff:192.0.2.1'], '192.0.2.1'],
    ['none', [], undefined],
    ['a malformed hop', ['192.0.2.1, what'], undefined],
    ['a port that is none', ['192.0.2.1:70000'], undefined],
    ['an IPv4 address in brackets', ['[192.0.2.1]'], undefined],
    ['with spaces around it', [' 192.0.2.1 '], '192.0.2.1'],
    ['behind fifteen more', [`192.0.2.1${',10.0.0.1'.repeat(15)}`], '192.0.2.1'],
    ['more than sixteen hops', [Array.from({ length: 17 }, () => '10.0.0.1').join(',')], undefined],
  ])('%s', (_name, lines, client) => {
    expect(read(...lines)).toBe(client)
  })

  test('is the last where nobody is trusted', () => {
    expect(readForwarded(['198.51.100.1, 192.0.2.1'], null)).toEqual(parsePeer('192.0.2.1'))
  })
})

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['fe80::1%eth0', 'fe80::1'],
])('the peer %s is %s', (text, shown) => {
  expect(formatAddress(parsePeer(text)!)).toBe(shown)
})
