import { expect, test } from 'vitest'
import { explainBadEntry } from './explain-entry.ts'

test.each([
  ['', 'holds no address'],
  ['1.1.1.1 2.2.2.2', 'separate entries with commas'],
  ['1.1.1.1;2.2.2.2', 'holds a semicolon'],
  ['\t1.1.1.1', 'invisible character'],
  ['1.1.1.1\u00a0', 'invisible character'],
  ['1.1.1.1\u200b', 'invisible character'],
  ['1.1.1.٤', 'a character that no address has'],
  ['https://192.0.2.7/keys', 'is a URL'],
  ['[2001:db8::1]', 'in brackets'],
  ['[2001:db8::1]:443', 'in brackets'],
  ['fe80::1%eth0', 'has a zone'],
  ['10.0.0.0/8/8', 'more than one slash'],
  ['/8', 'nothing before the slash'],
  ['10.0.0.1-10.0.0.9', 'is a range'],
  ['10.0.0.1-9', 'is a range'],
  ['2001:db8::1-2001:db8::9', 'is a range'],
  ['10.0.*.*', 'has a wildcard'],
  ['1.1.1.1:443', 'has a port'],
  ['example.com:443', 'has a port'],
  ['::10.0.0.1', 'IPv4-compatible'],
  ['0:0:0:0:0:0:10.0.0.1', 'IPv4-compatible'],
  ['::10.0.0.1/128', 'IPv4-compatible'],
  ['1::2::3', ':: twice'],
  ['1:::2', ':: twice'],
  ['2001:dbg::1', 'digits are 0 to 9 and a to f'],
  ['12345::1', 'more than four digits'],
  ['::ffff:1.2.3.256', 'malformed IPv4 part'],
  ['1.2.3.4::', 'malformed IPv4 part'],
  ['1:2:3', 'does not have eight groups'],
  ['1:2:3:4::5:6:7:8', 'does not have eight groups'],
  ['0x7f.0.0.1', 'in hexadecimal'],
  ['0x7f000001', 'in hexadecimal'],
  ['127.0.0.0x1', 'in hexadecimal'],
  ['example.com', 'names are not looked up'],
  ['a-b.example', 'names are not looked up'],
  ['010.0.0.1', 'read as octal'],
  ['1.1.1.01/32', 'read as octal'],
  ['2130706433', 'a single number'],
  ['1.2..4', 'an empty part'],
  ['1.2.3.', 'an empty part'],
  ['10.1', 'too few parts'],
  ['10.1/16', 'too few parts'],
  ['1.2.3.4.5', 'too many parts'],
  ['1.2.3.256', 'above 255'],
  ['10.10.0.0/255.255.0.0', 'has a netmask'],
  ['2001:db8::/ffff::', 'has a netmask'],
  ['10.0.0.0/', 'malformed length'],
  ['10.0.0.0/08', 'malformed length'],
  ['10.0.0.0/+8', 'malformed length'],
  ['10.0.0.0/33', 'above 32'],
  ['::1/129', 'above 128'],
  ['::ffff:10.0.0.0/8', 'write the IPv4 block alone, such as 10.0.0.0/8'],
  ['::ffff:10.0.0.0/95', 'reaches beyond'],
  ['::ffff:10.0.0.0/129', 'above 128'],
])('%j is told: %s', (text, reason) => {
  expect(explainBadEntry(text)).toContain(reason)
})

test.each([
  '10.1',
  '010.000.000.001',
  '1.1.1.1 2.2.2.2',
  '10.0.0.1-10.0.0.9',
  '10.10.0.0/255.255.0.0',
  '10.0.*.*',
  '[2001:db8::1]:443',
  'fe80::1%eth0',
  '2001:db8:1:2:3:4:5:6:7',
  '12345::1',
  '0x7f.0.0.1',
  'example.com:443',
  'https://192.0.2.7/keys',
])('what was meant as an address is repeated: %s', (text) => {
  expect(explainBadEntry(text).startsWith(`"${text}" `)).toBe(true)
})

test.each([
  ['a key of ours', `lk_live_${'a'.repeat(49)}`],
  ['a key of another system', 'acme_XvNKqMrDzTbWcHsYpLfJgRkQ'],
  ['a password', 'correct horse battery staple'],
  ['a short password', 'hunter2!'],
  ['a short password of letters that hexadecimal has', 'deadbeef'],
  ['a digest', 'f'.repeat(64)],
  ['a digest in parts', Array(8).fill('f0a1b2c3').join(':')],
  ['a number of a card', '4111111111111111'],
  ['a token', 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'],
  ['a URL with a password', 'https://me:secret@192.0.2.7'],
  ['an address with a mark that moves the cursor', '192.0.2.7\u001b[2J'],
  ['a line break', '\n'],
  ['half a character', '\ud800'],
  ['very much', '1.'.repeat(50_000)],
])('anything else is not, for it may be a secret: %s', (_, text) => {
  const told = explainBadEntry(text)
  const characters = text.length === 1 ? 'character' : 'characters'
  expect(told).toMatch(
    new RegExp(`^a text of ${text.length.toLocaleString('en')} ${characters} (?:is|has|holds) `),
  )
  expect(told).not.toContain(text)
})
