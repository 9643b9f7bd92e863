import fc from 'fast-check'

/** Signs that addresses are made of, and signs that careless parsers forgive. */
const ALPHABET = [...'0123456789abcdefABCDEFxX:./,%[]- \t\u0660']
const sign = fc.constantFrom(...ALPHABET)

const octet = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 10, 127, 255))
/** Dotted decimal, valid. */
const v4Text = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))

const group = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constant(0xffff) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 0xffff }) },
)
const spelledGroup = fc
  .tuple(group, fc.integer({ min: 1, max: 4 }), fc.boolean())
  .map(([value, width, isUpper]) => {
    const text = value.toString(16).padStart(width, '0')
    return isUpper ? text.toUpperCase() : text
  })

/** IPv6 in any spelling: letter case, leading zeros, `::` for any run of zeros, a dotted tail. Mostly valid. */
const v6Text = fc
  .record({
    groups: fc.array(spelledGroup, { minLength: 8, maxLength: 8 }),
    gapStart: fc.integer({ min: 0, max: 8 }),
    gapLength: fc.integer({ min: 0, max: 8 }),
    dotted: fc.option(v4Text, { nil: undefined, freq: 3 }),
    start: fc.constantFrom('any', 'any', 'mapped', 'zero'),
  })
  .map(({ groups, gapStart, gapLength, dotted, start }) => {
    const spelled =
      start === 'any'
        ? groups
        : ['0', '0', '0', '0', '0', start === 'mapped' ? 'FFFF' : '0', ...groups.slice(6)]
    const parts = dotted === undefined ? spelled : [...spelled.slice(0, 6), dotted]
    if (gapLength === 0) return parts.join(':')
    const isZero = parts.slice(gapStart, gapStart + gapLength).every((part) => /^0+$/.test(part))
    if (!isZero) return parts.join(':')
    return `${parts.slice(0, gapStart).join(':')}::${parts.slice(gapStart + gapLength).join(':')}`
  })

const suffix = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 32 }).map((length) => `/${length}`) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 130 }).map((length) => `/${length}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/', '/00', '/08', '/+8', '/8 ', '/1e1', '/0x8', '/255.0.0.0', '/8/8'),
  },
)
const entryText = fc.tuple(fc.oneof(v4Text, v6Text), suffix).map(([address, length]) => `${address}${length}`)

type Edit = readonly [kind: 'insert' | 'delete' | 'replace' | 'double' | 'swap', place: number, sign: string]
const edit: fc.Arbitrary<Edit> = fc.tuple(
  fc.constantFrom(
    'insert' as const,
    'delete' as const,
    'replace' as const,
    'double' as const,
    'swap' as const,
  ),
  fc.nat({ max: 60 }),
  sign,
)

function edited(text: string, [kind, place, added]: Edit): string {
  const at = text.length === 0 ? 0 : place % text.length
  const [before, after] = [text.slice(0, at), text.slice(at + 1)]
  switch (kind) {
    case 'insert':
      return `${before}${added}${text.slice(at)}`
    case 'delete':
      return `${before}${after}`
    case 'replace':
      return `${before}${added}${after}`
    case 'double':
      return `${before}${text.charAt(at)}${text.slice(at)}`
    case 'swap':
      return `${before}${after.charAt(0)}${text.charAt(at)}${after.slice(1)}`
  }
}

/** What other parsers take, and this one must not. */
const nearMiss = fc.constantFrom(
  ...[
    '0x7f.0.0.1',
    '0177.0.0.1',
    '127.1',
    '2130706433',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.04',
    '1.2.3.',
  ],
  ...['::10.0.0.1', '0:0:0:0:0:0:10.0.0.1', '::ffff:1.2.3.04', '::ffff:1.2.3', '1.2.3.4::', '::1.2.3.4:5'],
  ...[
    'fe80::1%eth0',
    '[::1]',
    '[::1]:80',
    '1.2.3.4:80',
    ':::',
    '1:::2',
    '1::2::3',
    ':',
    '::',
    ':1',
    '1:',
    '',
  ],
  ...[
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    '12345::',
    '::g',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
  ],
  ...[
    '1.2.3.4-1.2.3.9',
    '1.2.3.*',
    '+1.2.3.4',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.4\t',
    '1.2.3.4\n',
    '١.2.3.4',
    '1.2.3.٤',
  ],
  ...[
    '::ffff:0:0/96',
    '::ffff:0:0/95',
    '::ffff:10.0.0.0/64',
    '::fffe:1.2.3.4',
    '::ffff:0:1.2.3.4',
    '64:ff9b::1.2.3.4',
  ],
)

/** Valid entries, entries one to three edits away from valid, near misses, and noise. */
export const anyText = fc.oneof(
  { weight: 3, arbitrary: entryText },
  { weight: 4, arbitrary: fc.tuple(entryText, fc.array(edit, { minLength: 1, maxLength: 3 })).map(applied) },
  { weight: 1, arbitrary: nearMiss },
  { weight: 2, arbitrary: fc.tuple(nearMiss, fc.array(edit, { minLength: 1, maxLength: 2 })).map(applied) },
  { weight: 1, arbitrary: fc.array(sign, { maxLength: 24 }).map((signs) => signs.join('')) },
  {
    weight: 1,
    arbitrary: fc.array(entryText, { minLength: 2, maxLength: 3 }).map((texts) => texts.join(', ')),
  },
)

function applied([text, edits]: readonly [string, readonly Edit[]]): string {
  return edits.reduce(edited, text)
}
