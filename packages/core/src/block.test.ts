import { expect, test } from 'vitest'
import { formatBlock, isAnyAddress, parseBlock } from './block.ts'

test.each([
  ['1.2.3.4', '1.2.3.4'],
  ['1.2.3.4/32', '1.2.3.4'],
  ['1.2.3.4/31', '1.2.3.4/31'],
  ['1.2.3.5/31', '1.2.3.4/31'],
  ['255.255.255.255/1', '128.0.0.0/1'],
  ['255.255.255.255/0', '0.0.0.0/0'],
  ['::1/128', '::1'],
  ['::1/127', '::/127'],
  ['ffff::/1', '8000::/1'],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/0', '::/0'],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/32', 'ffff:ffff::/32'],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/33', 'ffff:ffff:8000::/33'],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/96', 'ffff:ffff:ffff:ffff:ffff:ffff::/96'],
  ['::ffff:1.2.3.4/128', '1.2.3.4'],
  ['::ffff:1.2.3.4/97', '0.0.0.0/1'],
  ['::ffff:1.2.3.4/96', '0.0.0.0/0'],
  ['::fffe:0:0/95', '::fffe:0:0/95'],
  ['::/8', '::/8'],
])('%s is the block %s', (text, canonical) => {
  expect(formatBlock(parseBlock(text)!)).toBe(canonical)
})

test.each([
  // Meant as 10.0.0.0/8: as IPv6 it would be all that begins with eight zeros, every IPv4 address behind NAT64 among them.
  '::ffff:10.0.0.0/8',
  '::ffff:a00:0/8',
  '::ffff:1.2.3.4/95',
  '::ffff:10.0.0.0/0',
  '1.2.3.4/',
  '/8',
  '/',
  '1.2.3.4/33',
  '1.2.3.4/128',
  '1.2.3.4/08',
  '1.2.3.4/00',
  '1.2.3.4/+8',
  '1.2.3.4/-0',
  '1.2.3.4/8 ',
  '1.2.3.4 /8',
  '1.2.3.4/1e1',
  '1.2.3.4/0x8',
  '1.2.3.4/8.0',
  '1.2.3.4/٨',
  '1.2.3.4/8/8',
  '1.2.3.4/255.0.0.0',
  '10/8',
  '::/129',
  '::/1000',
  '::ffff:1.2.3.4/129',
  '::10.0.0.1/128',
])('%j is refused', (text) => {
  expect(parseBlock(text)).toBeUndefined()
})

test('only a whole family is any address', () => {
  const texts = ['0.0.0.0/0', '::/0', '::ffff:0:0/96', '0.0.0.0/1', '0.0.0.0', '::', '::/1']
  expect(texts.map((text) => isAnyAddress(parseBlock(text)!))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ])
})
