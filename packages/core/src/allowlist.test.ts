import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Address, parseAddress } from './address.ts'
import {
  compileAllowlist,
  compileInSteps,
  contains,
  ENTRIES_MAX,
  isWithin,
  parseWhitelistedIPs,
  readWhitelistedIPs,
} from './allowlist.ts'
import { formatBlock, parseBlock } from './block.ts'

function admits(entries: readonly string[], address: string): boolean {
  return contains(compileAllowlist(entries), parseAddress(address)!)
}

/** IPv4 addresses one after another from a start. */
function consecutive(count: number, start = 0x0a000000): string[] {
  return Array.from({ length: count }, (_, index) =>
    formatBlock({ address: { family: 4, value: start + index }, prefixLength: 32 }),
  )
}

describe('contains', () => {
  test.each([
    ['10.0.0.0', true],
    ['10.255.255.255', true],
    ['9.255.255.255', false],
    ['11.0.0.0', false],
  ])('10.0.0.0/8 and %s: %s', (address, isInside) => {
    expect(admits(['10.0.0.0/8'], address)).toBe(isInside)
  })

  test.each([
    ['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', true],
    ['2001:db8::', true],
    ['2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', false],
    ['2001:db9::', false],
  ])('2001:db8::/32 and %s: %s', (address, isInside) => {
    expect(admits(['2001:db8::/32'], address)).toBe(isInside)
  })

  test('an empty list admits nothing', () => {
    expect(admits([], '1.1.1.1')).toBe(false)
    expect(admits([], '::1')).toBe(false)
  })

  test('families never match each other', () => {
    expect(admits(['::/0'], '1.1.1.1')).toBe(false)
    expect(admits(['0.0.0.0/0'], '::1')).toBe(false)
    expect(admits(['::101:101'], '1.1.1.1')).toBe(false)
  })

  test('every one of the most entries is found, and none beside them', () => {
    const spread = Array.from({ length: ENTRIES_MAX }, (_, index) => `10.${index >> 8}.${index & 255}.7`)
    const allowlist = compileAllowlist(spread.toReversed())
    for (const entry of spread) {
      expect(contains(allowlist, parseAddress(entry)!)).toBe(true)
      expect(contains(allowlist, parseAddress(entry.replace(/7$/, '8'))!)).toBe(false)
    }
  })
})

describe('compileAllowlist', () => {
  test.each([
    ['a narrow block before the wide one with the same start', ['10.0.0.0/24', '10.0.0.0/16'], '10.0.5.5'],
    ['a wide block before the narrow one', ['10.0.0.0/16', '10.0.0.0/24'], '10.0.5.5'],
    ['an address before its block', ['::', '::/64'], '::5'],
  ])('%s: the wide one counts', (_, entries, address) => {
    expect(admits(entries, address)).toBe(true)
  })

  test('what overlaps or touches becomes one range, over word edges too', () => {
    expect(compileAllowlist(['10.0.0.128/25', '10.0.0.0/25', '10.0.1.0/24']).v4).toEqual([
      0x0a000000, 0x0a0001ff,
    ])
    expect(compileAllowlist(consecutive(500).toReversed()).v4).toHaveLength(2)
    expect(compileAllowlist(['::ffff:ffff', '::1:0:0']).v6).toEqual([0, 0, 0, 0xffffffff, 0, 0, 1, 0])
    expect(compileAllowlist(['::/1', '8000::/1']).v6).toHaveLength(8)
    expect(compileAllowlist(['255.255.255.254', '255.255.255.255']).v4).toHaveLength(2)
    expect(compileAllowlist(['::ffff:fffe', '::ffff:ffff']).v6).toHaveLength(8)
  })

  test('what does not touch stays apart', () => {
    expect(compileAllowlist(['10.0.0.0', '10.0.0.2']).v4).toHaveLength(4)
    expect(compileAllowlist(['::', '::2']).v6).toHaveLength(16)
    expect(compileAllowlist(['255.255.255.255', '0.0.0.0']).v4).toHaveLength(4)
    expect(compileAllowlist(['::1:0:0', '::0:0:0']).v6).toHaveLength(16)
  })

  test('order and repetition change nothing', () => {
    const anyEntry = fc
      .tuple(fc.nat({ max: 0xfff }), fc.integer({ min: 20, max: 32 }), fc.boolean())
      .map(([value, length, isV6]) =>
        isV6 ? `::${value.toString(16)}/${length + 96}` : `10.0.${value >> 8}.${value & 255}/${length}`,
      )
      .map((text) => formatBlock(parseBlock(text)!))
    const anyOrder = fc
      .array(anyEntry, { maxLength: 12 })
      .chain((entries) =>
        fc.tuple(
          fc.constant(entries),
          fc.shuffledSubarray([...entries, ...entries], { minLength: entries.length * 2 }),
        ),
      )
    fc.assert(
      fc.property(anyOrder, ([entries, shuffled]) => {
        expect(compileAllowlist(shuffled)).toEqual(compileAllowlist(entries))
      }),
    )
  })

  test('a malformed entry is a mistake of the program and throws', () => {
    expect(() => compileAllowlist(['10.0.0.0/8', 'nonsense'])).toThrow('nonsense')
  })
})

describe('parseWhitelistedIPs', () => {
  test.each([[null], [undefined], [[]]])('%j means no restriction', (value) => {
    expect(parseWhitelistedIPs(value)).toEqual({ entries: null })
  })

  test.each([
    [[''], 0],
    [[','], 0],
    [[' '], 0],
    [[' , ,'], 0],
    [['1.1.1.1', ''], 1],
    ['', null],
    [' ', null],
    [',', null],
  ])('%j holds no address and is refused at %j: it must not mean no restriction', (value, index) => {
    expect(parseWhitelistedIPs(value)).toEqual({
      problems: [{ index, detail: expect.stringContaining('no address') }],
    })
  })

  test('elements are split on commas, trimmed of spaces, empty pieces left out', () => {
    expect(parseWhitelistedIPs(['1.1.1.1,2.2.2.2', '  3.3.3.3  ', ',4.4.4.4,,'])).toEqual({
      entries: ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'],
    })
  })

  test('equal entries are kept once, in the order first given, however they were spelled', () => {
    expect(
      parseWhitelistedIPs(['2.2.2.2', '10.1.2.3/8', '2.2.2.2/32', '::ffff:2.2.2.2', '10.0.0.0/8', '1.1.1.1']),
    ).toEqual({
      entries: ['2.2.2.2', '10.0.0.0/8', '1.1.1.1'],
    })
  })

  test.each(['\t1.1.1.1', '1.1.1.1\n', '1.1.1.1\u00a0', '\u30001.1.1.1', '\ufeff1.1.1.1'])(
    '%j is not trimmed',
    (text) => {
      expect(parseWhitelistedIPs([text])).toHaveProperty('problems.length', 1)
    },
  )

  test('every problem is told, at the index of its element', () => {
    const parsed = parseWhitelistedIPs(['1.1.1.1', '10.2, 2.2.2.2, 10.3', '3.3.3.3', '10.1'])
    expect(
      'problems' in parsed && parsed.problems.map(({ index, detail }) => [index, detail.split(' ')[0]]),
    ).toEqual([
      [1, '"10.2"'],
      [1, '"10.3"'],
      [3, '"10.1"'],
    ])
  })

  test('at most 20 problems are told', () => {
    expect(parseWhitelistedIPs(Array<string>(50).fill('10.2'))).toHaveProperty('problems.length', 20)
  })

  test.each([
    ['problems', '10.2', 21],
    ['empty elements', ' , ', 21],
    ['entries too many', undefined, ENTRIES_MAX + 1],
  ])('what stands after too many %s is not read', (_, element, read) => {
    const elements = element === undefined ? consecutive(5_000) : Array<string>(5_000).fill(element)
    let reads = 0
    const counted = new Proxy(elements, {
      get(target, name, receiver) {
        if (typeof name === 'string' && /^\d+$/.test(name)) reads += 1
        return Reflect.get(target, name, receiver)
      },
    })
    expect(parseWhitelistedIPs(counted)).toHaveProperty('problems')
    expect(reads).toBe(read)
  })

  test('of more problems than are told it is said that there are more', () => {
    const bad = (count: number) => parseWhitelistedIPs('bad,'.repeat(count))
    expect(bad(20)).not.toHaveProperty('hasMore')
    expect(bad(21)).toMatchObject({ problems: { length: 20 }, hasMore: true })
  })

  test('1,000 entries are possible, 1,001 are not, counted after equal ones are put together', () => {
    const most = consecutive(ENTRIES_MAX)
    expect(parseWhitelistedIPs(most)).toEqual({ entries: most })
    expect(parseWhitelistedIPs([...most, ...most])).toEqual({ entries: most })
    const problem = { index: null, detail: expect.stringContaining('more than 1,000 entries') }
    expect(parseWhitelistedIPs(consecutive(ENTRIES_MAX + 1))).toEqual({ problems: [problem] })
    expect(parseWhitelistedIPs(consecutive(ENTRIES_MAX + 1).join())).toEqual({ problems: [problem] })
  })

  test('a problem is told beside the entries that are too many', () => {
    const parsed = parseWhitelistedIPs(['10.2', ...consecutive(ENTRIES_MAX + 1)])
    expect('problems' in parsed && parsed.problems.map(({ index }) => index)).toEqual([0, null])
  })

  test('what it answers compiles', () => {
    const value = ['10.10.1.5/16', '2001:DB8::5/64', '::ffff:1.2.3.4']
    const parsed = parseWhitelistedIPs(value)
    const allowlist = compileAllowlist(('entries' in parsed ? parsed.entries : null) ?? [])
    const inside: readonly Address[] = ['10.10.255.1', '2001:db8::ff', '1.2.3.4'].map(
      (text) => parseAddress(text)!,
    )
    expect(inside.every((address) => contains(allowlist, address))).toBe(true)
  })
})

test('a list is read in steps, however often it names one entry, and says what it says at once', () => {
  const list = `${'192.0.2.1, 2001:db8::1,'.repeat(20_031)}192.0.2.1`
  const reading = readWhitelistedIPs(list)
  for (let steps = 0; ; steps++) {
    const { done, value } = reading.next()
    if (done !== true) continue
    expect(value).toEqual({ entries: ['192.0.2.1', '2001:db8::1'] })
    expect(value).toEqual(parseWhitelistedIPs(list))
    expect(steps).toBe(Math.floor((2 * 20_031 + 1) / 64))
    return
  }
})

test.each([63, 64, 200])('a list of %i is compiled in steps to what it is at once', (length) => {
  const entries = consecutive(length, 0x0a000001).filter((_, index) => index % 3 > 0)
  const list = [...entries, ...consecutive(length - entries.length, 0x0b000000)]
  const compiling = compileInSteps(list)
  for (let steps = 0; ; steps++) {
    const { done, value } = compiling.next()
    if (done !== true) continue
    expect(value).toEqual(compileAllowlist(list))
    expect(steps).toBe(Math.floor(length / 64))
    return
  }
})

describe('isWithin', () => {
  type Ends = { readonly low: bigint; readonly high: bigint }

  /** Both ends of a block, each family in numbers of its own. */
  function endsOf(text: string): Ends {
    const { address, prefixLength } = parseBlock(text)!
    const [words, first]: readonly [readonly number[], bigint] =
      address.family === 4 ? [[address.value], 1n << 200n] : [address.words, 0n]
    const low = words.reduce<bigint>((sum, word) => (sum << 32n) | BigInt(word), 0n) + first
    return { low, high: low + (1n << BigInt(32 * words.length - prefixLength)) - 1n }
  }

  /** From address to address, from one block that holds it to the end of that block. */
  function isCovered({ low, high }: Ends, outer: readonly Ends[]): boolean {
    for (let next = low; next <= high; ) {
      const around = outer.find((ends) => ends.low <= next && next <= ends.high)
      if (around === undefined) return false
      next = around.high + 1n
    }
    return true
  }

  const word = fc.constantFrom('0', '1', '2', '7fff', '8000', 'fffe', 'ffff')
  const v6 = fc
    .tuple(
      word,
      word,
      word,
      word,
      fc.constantFrom(15, 16, 17, 32, 47, 48, 64, 80, 81, 96, 111, 112, 127, 128),
    )
    .map(([a, b, c, d, length]) => `${a}:0:${b}:0:${c}:0:${d}:0/${length}`)
  const v4 = fc
    .tuple(fc.nat(3), fc.constantFrom(0, 1, 127, 128, 254, 255), fc.constantFrom(22, 23, 24, 25, 31, 32))
    .map(([c, d, length]) => `10.0.${c}.${d}/${length}`)
  const anyList = fc.oneof(
    fc.array(v4, { maxLength: 8 }),
    fc.array(v6, { maxLength: 8 }),
    fc.array(fc.oneof(v4, v6), { maxLength: 8 }),
  )

  test('is whether each address of the one is in the other', () => {
    fc.assert(
      fc.property(anyList, anyList, fc.boolean(), (some, others, isPart) => {
        const inner = isPart ? [...others.slice(1), ...some.slice(0, 1)] : some
        const outerEnds = others.map(endsOf)
        const expected = inner.every((text) => isCovered(endsOf(text), outerEnds))
        expect(isWithin(compileAllowlist(inner), compileAllowlist(others))).toBe(expected)
      }),
      { numRuns: 1_000 },
    )
  })

  test.each([
    [['10.0.0.0/9'], ['10.0.0.0/8'], true],
    [['10.128.0.0/9'], ['10.0.0.0/8'], true],
    [['10.255.255.255'], ['10.0.0.0/8'], true],
    [['2001:db8::/33'], ['2001:db8::/32'], true],
    [['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'], ['2001:db8::/32'], true],
    [['::1:0:0'], ['::ffff:ffff'], false],
    [['1::1'], ['1::', '1::2', '2::1'], false],
    [['1::', '1::2', '2::1'], ['1::', '1::2', '1::4', '2::1'], true],
    [['1::', '2::', '3::', '5::'], ['1::', '2::', '3::', '4::'], false],
    [['10.0.0.1', '10.0.0.3', '10.0.0.6'], ['10.0.0.1', '10.0.0.3', '10.0.0.5'], false],
    [[], ['10.0.0.0/8'], true],
    [['10.0.0.0/8'], [], false],
  ])('%j in %j: %s', (inner, outer, expected) => {
    expect(isWithin(compileAllowlist(inner), compileAllowlist(outer))).toBe(expected)
  })

  test('no list is every address', () => {
    const all = compileAllowlist(['0.0.0.0/0', '::/0'])
    expect([isWithin(null, null), isWithin(all, null), isWithin(null, all)]).toEqual([true, true, false])
  })
})
