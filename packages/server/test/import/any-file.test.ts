/** Files of any contents, in pieces of any size. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { csvRecords } from '../../src/import/csv-records.ts'
import { jsonItems } from '../../src/import/json-items.ts'
import { readSource } from '../../src/import/read-source.ts'
import { SourceError } from '../../src/import/source-error.ts'
import { sourceText } from '../../src/import/source-text.ts'
import { yamlItems } from '../../src/import/yaml-items.ts'
import { bytesOf, OPTIONS } from './reading.ts'

const RUNS = { numRuns: 150 }
const piece = fc.integer({ min: 1, max: 20 })
const cell = fc.string({
  unit: fc.constantFrom('a', '"', ',', ';', '\n', ' ', 'é', '€', '{', '\\'),
  maxLength: 8,
})
const values = fc.array(
  fc.dictionary(fc.constantFrom('key', 'list', 'a"b', 'c\\'), fc.jsonValue({ maxDepth: 3 })),
  { maxLength: 8 },
)

const textOf = (file: string, pieceBytes: number) => sourceText(bytesOf(file, pieceBytes))
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`

describe('CSV', () => {
  it('comes out as it went in, each record with the line it begins on', async () => {
    const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(table, piece, fc.constantFrom('\n', '\r\n'), async (rows, pieceBytes, end) => {
        const file = ['x,y,z', ...rows.map((row) => row.map(quoted).join(','))].join(end)
        const records = await Array.fromAsync(csvRecords(textOf(file, pieceBytes)))
        let line = 2
        const expected = rows.map((cells) => {
          const record = { line, cells }
          line += 1 + cells.join('').split('\n').length - 1
          return record
        })
        expect(records).toEqual([{ line: 1, cells: ['x', 'y', 'z'] }, ...expected])
      }),
      RUNS,
    )
  })
})

describe('JSON', () => {
  const valuesOf = async (file: string, pieceBytes: number, lists?: string[]) =>
    (await Array.fromAsync(jsonItems(textOf(file, pieceBytes), lists))).map(
      (item) => 'value' in item && item.value,
    )

  it.each([
    [
      'lines',
      (items: readonly object[]) => items.map((item) => `${JSON.stringify(item)}\n`).join(''),
      undefined,
    ],
    ['an array', (items: readonly object[]) => JSON.stringify(items), undefined],
    ['an array over lines', (items: readonly object[]) => JSON.stringify(items, null, 1), undefined],
    [
      'a wrapped list',
      (items: readonly object[]) => JSON.stringify({ total: 1, list: items, more: ['x', {}] }),
      ['list'],
    ],
    [
      'a list wrapped twice',
      (items: readonly object[]) => JSON.stringify({ node: { list: items } }, null, 2),
      ['list'],
    ],
  ] as const)('in %s comes out as it went in', async (_, write, lists) => {
    await fc.assert(
      fc.asyncProperty(values, piece, async (items, pieceBytes) => {
        // Lines of a file with a list in them are told apart by that list's name.
        fc.pre(items.length > 0)
        const file = write(items)
        expect(await valuesOf(file, pieceBytes, lists === undefined ? undefined : [...lists])).toEqual(
          items.map((item) => JSON.parse(JSON.stringify(item))),
        )
      }),
      RUNS,
    )
  })
})

it('items of YAML come out as they do from the whole file', async () => {
  const items = fc.array(
    fc.dictionary(fc.constantFrom('key', 'tags', 'list'), fc.oneof(cell, fc.array(cell, { maxLength: 3 })), {
      minKeys: 1,
    }),
    { minLength: 1, maxLength: 5 },
  )
  await fc.assert(
    fc.asyncProperty(items, piece, async (consumers, pieceBytes) => {
      const file = stringify({ _format_version: '3.0', consumers, services: [{ a: 1 }] })
      const found = await Array.fromAsync(yamlItems(textOf(file, pieceBytes), ['consumers']))
      expect(found.map((item) => 'value' in item && item.value)).toEqual(
        (parse(file) as { consumers: unknown }).consumers,
      )
    }),
    RUNS,
  )
})

it.each(['better-auth', 'unkey', 'kong', 'tyk', 'apisix', 'aws', 'sanctum', 'drf', 'csv', 'ndjson'] as const)(
  'of %s anything at all gives rows, refusals, or the one error for sources',
  async (source) => {
    const bytes = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc
        .array(
          fc.string({
            unit: fc.constantFrom(
              'key',
              'hash',
              ',',
              '\n',
              '"',
              '{',
              '}',
              '[',
              ']',
              ':',
              '- ',
              'consumers:',
              'list',
            ),
          }),
          { maxLength: 30 },
        )
        .map((parts) => parts.join('')),
      fc
        .array(
          fc.record({
            key: fc.anything(),
            value: fc.anything(),
            hash: fc.anything(),
            permissions: fc.anything(),
            token: fc.anything(),
          }),
        )
        .map((rows) =>
          rows
            .map((row) => JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? 1 : value)))
            .join('\n'),
        ),
    )
    await fc.assert(
      fc.asyncProperty(bytes, piece, async (file, pieceBytes) => {
        try {
          for await (const line of readSource(source, () => bytesOf(file, pieceBytes), OPTIONS)) {
            expect('row' in line || line.refused.length > 0).toBe(true)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(SourceError)
        }
      }),
      RUNS,
    )
  },
)
