/** The table "Addresses, exactly" of the contract, row by row. */
import { describe, expect, test } from 'vitest'
import { parseAddress } from '../src/address.ts'
import { compileAllowlist, contains, parseWhitelistedIPs } from '../src/allowlist.ts'
import { isAnyAddress, parseBlock } from '../src/block.ts'

describe('what is stored and returned', () => {
  test.each([
    ['1.1.1.1', ['1.1.1.1']],
    ['1.1.1.1/32', ['1.1.1.1']],
    ['10.10.0.0/16', ['10.10.0.0/16']],
    ['10.10.1.5/16', ['10.10.0.0/16']],
    ['2001:DB8::0:1', ['2001:db8::1']],
    ['2001:db8::5/64', ['2001:db8::/64']],
    ['::ffff:1.2.3.4', ['1.2.3.4']],
    ['::ffff:10.0.0.0/104', ['10.0.0.0/8']],
    ['1.1.1.1, 2.2.2.2,,10.10.0.0/16', ['1.1.1.1', '2.2.2.2', '10.10.0.0/16']],
    ['0.0.0.0/0', ['0.0.0.0/0']],
    ['::/0', ['::/0']],
  ])('%s', (text, entries) => {
    expect(parseWhitelistedIPs([text])).toEqual({ entries })
    expect(parseWhitelistedIPs(text)).toEqual({ entries })
  })
})

test.each(['0.0.0.0/0', '::/0', '::ffff:0:0/96'])('%s is known as "any address"', (text) => {
  expect(isAnyAddress(parseBlock(text)!)).toBe(true)
})

test.each(['0.0.0.0/1', '::/1', '0.0.0.0'])('%s is not "any address"', (text) => {
  expect(isAnyAddress(parseBlock(text)!)).toBe(false)
})

describe('what is refused', () => {
  test.each([
    ['octal', '010.1.1.1'],
    ['octal', '0177.0.0.1'],
    ['a leading zero', '1.1.1.01'],
    ['hexadecimal', '0x7f.0.0.1'],
    ['hexadecimal', '0x7f000001'],
    ['the short form', '10.1'],
    ['the short form', '10.1/16'],
    ['the integer form', '2130706433'],
    ['a length above 32', '1.1.1.1/33'],
    ['a length above 128', '::1/129'],
    ['a length with a leading zero', '10.0.0.0/08'],
    ['a length above 128, mapped', '::ffff:10.0.0.0/129'],
    ['a length of the IPv4 block, mapped', '::ffff:10.0.0.0/8'],
    ['a length below 96, mapped', '::ffff:10.0.0.0/95'],
    ['an empty length', '10.0.0.0/'],
    ['a netmask', '10.10.0.0/255.255.0.0'],
    ['a range', '10.0.0.1-10.0.0.9'],
    ['a zone id', 'fe80::1%eth0'],
    ['a host name', 'example.com'],
    ['a host name', 'localhost'],
    ['brackets', '[2001:db8::1]'],
    ['a port', '1.1.1.1:443'],
    ['brackets and a port', '[2001:db8::1]:443'],
    ['IPv4-compatible', '::10.0.0.1'],
    ['IPv4-compatible, written out', '0:0:0:0:0:0:10.0.0.1'],
    ['nothing', ''],
    ['a comma alone', ','],
    ['a tab, which is not trimmed', '\t1.1.1.1'],
    ['a no-break space, which is not trimmed', '1.1.1.1\u00a0'],
    ['a line break, which is not trimmed', '1.1.1.1\n'],
  ])('%s: %s', (_, text) => {
    const at = (index: number | null) => ({ problems: [{ index, detail: expect.any(String) }] })
    expect(parseWhitelistedIPs(['9.9.9.9', text])).toEqual(at(1))
    expect(parseWhitelistedIPs(text)).toEqual(at(null))
  })
})

describe('matching', () => {
  test.each([
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:a01:203', true],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::/0', '10.1.2.3', false],
    ['::/0', '::ffff:10.1.2.3', false],
    ['::/64', '10.1.2.3', false],
    ['0.0.0.0/0', '::1', false],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '2001:db8::1', true],
  ])('%s and %s: %s', (entry, address, isAdmitted) => {
    expect(contains(compileAllowlist([entry]), parseAddress(address)!)).toBe(isAdmitted)
  })
})
