/**
 * The address parser and the allowlist, held against a second implementation (address-oracle.ts).
 * ADDRESS_CASES sets how many texts are tried: 30,000 unless told, 1,000,000 before a release:
 *
 *     ADDRESS_CASES=1000000 vitest run packages/core/test/address-differential.test.ts
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Address, formatAddress, parseAddress } from '../src/address.ts'
import { compileAllowlist, contains, parseWhitelistedIPs } from '../src/allowlist.ts'
import { formatBlock, parseBlock } from '../src/block.ts'
import { explainBadEntry } from '../src/explain-entry.ts'
import {
  type OracleAddress,
  type OracleBlock,
  oracleAddress,
  oracleBlock,
  oracleContains,
  oracleEntries,
  oracleFormat,
  oracleFormatBlock,
} from './address-oracle.ts'
import { anyText } from './address-texts.ts'

const CASES = Number(process.env.ADDRESS_CASES ?? 30_000)
/** Milliseconds: a million cases take minutes, which is no failure. */
const patience = { timeout: 60_000 + CASES }

test(
  'every text is accepted or refused as the oracle does, with the same value and canonical text',
  patience,
  () => {
    let accepted = 0
    fc.assert(
      fc.property(anyText, (text) => {
        const address = parseAddress(text)
        expect(address && numberOf(address)).toEqual(oracleAddress(text))
        const block = parseBlock(text)
        const expected = oracleBlock(text)
        expect(block && { ...numberOf(block.address), prefixLength: block.prefixLength }).toEqual(expected)
        if (address !== undefined) expect(formatAddress(address)).toBe(oracleFormat(numberOf(address)))
        if (block === undefined || expected === undefined) return
        accepted += 1
        expect(formatBlock(block)).toBe(oracleFormatBlock(expected))
      }),
      { numRuns: CASES },
    )
    // A generator that drifted into refusals only would prove nothing.
    expect(accepted).toBeGreaterThan(CASES / 10)
  },
)

test('canonical text means the same to both parsers and stays as it is', patience, () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const block = parseBlock(text)
      if (block === undefined) return
      const canonical = formatBlock(block)
      expect(parseBlock(canonical)).toEqual(block)
      expect(oracleBlock(canonical)).toEqual(oracleBlock(text))
    }),
    { numRuns: CASES },
  )
})

test('a list is split, trimmed, made canonical and deduplicated as the oracle does', patience, () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const parsed = parseWhitelistedIPs([text])
      expect('entries' in parsed ? (parsed.entries ?? 'no restriction') : undefined).toEqual(
        oracleEntries(text),
      )
    }),
    { numRuns: CASES },
  )
})

test(
  'whatever is refused is explained in printable text that shows at most 60 characters of it',
  patience,
  () => {
    const hostile = fc.oneof(anyText, fc.string({ unit: 'binary', maxLength: 200 }))
    fc.assert(
      fc.property(hostile, (text) => {
        if (oracleBlock(text) !== undefined) return
        const explanation = explainBadEntry(text)
        expect(explanation).not.toMatch(/(?! )[\p{C}\p{Z}]/u)
        // Sixty characters, each perhaps an escape of ten, and a sentence of ours.
        expect(explanation.length).toBeLessThan(60 * 10 + 130)
      }),
      { numRuns: Math.ceil(CASES / 10) },
    )
  },
)

test(
  'an address is in a list exactly when arithmetic says so, at every edge of every block',
  patience,
  () => {
    let inside = 0
    fc.assert(
      fc.property(
        fc.array(closeBlock, { maxLength: 12 }),
        fc.nat(),
        fc.constantFrom(-1n, 0n, 1n),
        (blocks, pick, step) => {
          const allowlist = compileAllowlist(blocks.map(oracleFormatBlock))
          const edges = blocks.flatMap((block) =>
            [block.value, lastOf(block)].map((value) => ({ ...block, value })),
          )
          const { family, value } = edges[pick % edges.length] ?? { family: 4, value: 1n }
          const bits = family === 4 ? 32 : 128
          const address: OracleAddress = { family, value: BigInt.asUintN(bits, value + step) }
          const isInside = oracleContains(blocks, address)
          expect(contains(allowlist, addressOf(address))).toBe(isInside)
          if (isInside) inside += 1
        },
      ),
      { numRuns: CASES },
    )
    expect(inside).toBeGreaterThan(CASES / 10)
  },
)

/** Blocks crowded around few bases and word edges, so that they often nest, touch and repeat. */
const closeBlock: fc.Arbitrary<OracleBlock> = fc
  .record({
    family: fc.constantFrom(4 as const, 6 as const),
    base: fc.constantFrom(
      0n,
      0x0a00_0000n,
      0xffff_ff00n,
      0x2001_0db8_ffff_ffff_ffff_ffff_ffff_ff00n,
      2n ** 128n - 256n,
    ),
    offset: fc.oneof(
      fc.bigInt({ min: 0n, max: 600n }),
      fc.bigInt({ min: 0n, max: 8n }).map((n) => n << 32n),
    ),
    hostBits: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 128 })),
  })
  .map(({ family, base, offset, hostBits }) => {
    const bits = family === 4 ? 32 : 128
    const size = 2n ** BigInt(Math.min(hostBits, bits))
    const value = BigInt.asUintN(bits, base + offset)
    return { family, value: value - (value % size), prefixLength: bits - Math.min(hostBits, bits) }
  })
  .filter(({ family, value, prefixLength }) => {
    // In canonical text a mapped block is an IPv4 block already.
    return family === 4 || prefixLength < 96 || value >> 32n !== 0xffffn
  })

function lastOf({ family, value, prefixLength }: OracleBlock): bigint {
  return value + 2n ** BigInt((family === 4 ? 32 : 128) - prefixLength) - 1n
}

function numberOf(address: Address): OracleAddress {
  if (address.family === 4) return { family: 4, value: BigInt(address.value) }
  return { family: 6, value: address.words.reduce((value, word) => value * 2n ** 32n + BigInt(word), 0n) }
}

function addressOf({ family, value }: OracleAddress): Address {
  if (family === 4) return { family, value: Number(value) }
  const word = (index: bigint) => Number((value >> (32n * index)) & 0xffffffffn)
  return { family, words: [word(3n), word(2n), word(1n), word(0n)] }
}
