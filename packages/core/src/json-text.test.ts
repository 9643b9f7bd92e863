import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from './error.ts'
import { parseJson } from './json-text.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Code and detail of the refusal; undefined: none. */
function refusal(bytes: Uint8Array): readonly [string, string] | undefined {
  try {
    parseJson(bytes)
    return undefined
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return [error.code, error.detail]
  }
}

const nested = (levels: number, open: string, close: string) =>
  `${open.repeat(levels)}1${close.repeat(levels)}`
const objectOf = (count: number) =>
  `{${Array.from({ length: count }, (_, index) => `"n${index}":${index}`).join()}}`

test('any value of JSON that is shallow and names nothing twice is read as JSON.parse reads it', () => {
  const value = fc.jsonValue({ maxDepth: 5, noUnicodeString: false })
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 2), (given, indent) => {
      const text = JSON.stringify(given, undefined, indent)
      fc.pre(!text.includes('\\u0000') && text.isWellFormed() && !/\\ud[89a-f]/.test(text))
      expect(parseJson(bytesOf(text))).toEqual(JSON.parse(text))
    }),
  )
})

describe('what has two meanings is refused', () => {
  test.each([
    ['a', '{"a":1,"a":2}'],
    ['a', '{"a":1,"b":2,"a":3}'],
    ['b', '{"a":1,"b":2,"b":3}'],
    ['a', '{"a":1,"\\u0061":2}'],
    ['a', '{"b":{"a":1},"c":[{"a":1,"a":2}]}'],
    ['a', '{"a":[],"b":{},"a":1}'],
    ['a', '{"a":[1,"b"],"b":{"c":1},"a":1}'],
    ['a', '[{"a":"}","a":1}]'],
    ['a', '{"a":"\\"","a":1}'],
    ['a', '{"a":"\\\\","a":1}'],
  ])('the name %s stands twice in %s', (name, text) => {
    expect(refusal(bytesOf(text))).toEqual(['invalid_body', `The name "${name}" stands twice in one object.`])
  })

  test.each([
    '{"a":{"a":{"a":"a"}}}',
    '[{"a":1},{"a":2}]',
    '{"a":"b","b":"a"}',
    '{"a":["a","a"],"b":["a",{"a":1}]}',
    '{"x":["a",{},"a"],"a":1}',
    '{"a":"\\"a\\"","b":"{\\"a\\":1,\\"a\\":1}"}',
    '{"a\\\\":1,"a":2}',
  ])('no name twice in %s', (text) => {
    expect(parseJson(bytesOf(text))).toEqual(JSON.parse(text))
  })

  test('of a long name a hundred characters are told', () => {
    const name = 'x'.repeat(101)
    expect(refusal(bytesOf(`{"${name}":1,"${name}":2}`))?.[1]).toBe(
      `The name "${'x'.repeat(100)}" stands twice in one object.`,
    )
  })
})

describe('text that cannot be stored or sent on is refused', () => {
  test.each([
    ['"\\ud800"', 'holds half'],
    ['["a\\udc00b"]', '/0: holds half'],
    ['{"a":"\\udc00\\ud800"}', '/a: holds half'],
    ['{"\\ud800":1}', '/\ud800: holds half'],
    ['{"a/b":{"c~":["x","\\ud800"]}}', '/a~1b/c~0/1: holds half'],
    ['{"a":"\\ud800","a":"b"}', 'A string holds half'],
    // Names that are numbers come first in an object, however deep what they name is.
    ['{"b":"\\ud800","1":[[[[[[[[[["\\ud800"]]]]]]]]]]}', '/b: holds half'],
  ])('%s', (text, place) => {
    const detail = `${place} of a surrogate pair: send well-formed Unicode.`
    expect(refusal(bytesOf(text))).toEqual(['invalid_body', detail])
  })

  test.each([
    ['"\\u0000"', 'holds'],
    ['["a\\u0000b"]', '/0: holds'],
    ['{"\\u0000":1}', '/\u0000: holds'],
    ['{"a":[[[[[[["\\u0000"]]]]]]]}', '/a/0/0/0/0/0/0/0: holds'],
  ])('%s', (text, place) => {
    const detail = `${place} the character U+0000, which cannot be stored: leave it out.`
    expect(refusal(bytesOf(text))).toEqual(['invalid_body', detail])
  })

  test.each(['"\\ud83d\\udd11"', '"🔑"', '"\\n\\t\\"\\\\\\/"'])('%s is sound', (text) => {
    expect(parseJson(bytesOf(text))).toBe(JSON.parse(text))
  })
})

describe('everything has a limit', () => {
  test.each([
    ['{"a":', '}'],
    ['[', ']'],
  ])('eight levels of %s are read, nine are refused', (open, close) => {
    expect(refusal(bytesOf(nested(8, open, close)))).toBeUndefined()
    const detail = 'The body is nested deeper than 8 levels.'
    expect(refusal(bytesOf(nested(9, open, close)))).toEqual(['invalid_body', detail])
  })

  test('levels that were closed again do not count', () => {
    expect(refusal(bytesOf(`[${Array(20).fill('[{"a":[]}]').join()}]`))).toBeUndefined()
  })

  test.each([
    ['empty arrays', (count: number) => `[${Array(count).fill('[]').join()}]`, 22_000],
    ['empty objects', (count: number) => `[${Array(count).fill('{}').join()}]`, 22_000],
    ['numbers', (count: number) => `[${Array(count).fill('10').join()}]`, 44_000],
    ['texts', (count: number) => `[${Array(count).fill('"\\n"').join()}]`, 44_000],
  ])('%s: as many as 64 KiB can hold are read, more are refused', (_, listOf, most) => {
    const detail = 'The body holds more than 44,000 values: no operation takes as many.'
    expect(parseJson(bytesOf(listOf(most - 1)))).toHaveLength(most - 1)
    expect(refusal(bytesOf(listOf(most)))).toEqual(['invalid_body', detail])
    expect(refusal(bytesOf(listOf(most).slice(0, -1)))).toEqual(['invalid_body', detail])
  })

  test('commas and brackets in a long text are no values', () => {
    const text = JSON.stringify({ a: ',[{'.repeat(30_000), b: '"\\,[\n'.repeat(30_000), 'c,': 1 })
    expect(parseJson(bytesOf(text))).toEqual(JSON.parse(text))
    expect(refusal(bytesOf(text.slice(0, 100_000)))?.[0]).toBe('malformed_json')
  })

  test.each([
    ['without a quote', 'x'],
    ['with quotes that are escaped', '\\"'],
  ])('a long text %s that never ends is no JSON', (_, piece) => {
    expect(refusal(bytesOf(`["${piece.repeat(70_000)}`))?.[0]).toBe('malformed_json')
  })

  test('half of a surrogate pair is found behind very many sound escapes', () => {
    const sound = '\\u00e9\\n'.repeat(10_000)
    expect(parseJson(bytesOf(`["${sound}"]`))).toEqual(['é\n'.repeat(10_000)])
    expect(refusal(bytesOf(`["${sound}\\uD800","x"]`))?.[1]).toMatch(/^\/0: holds half/)
    expect(refusal(bytesOf(`["${sound}","\\u0000"]`))?.[1]).toMatch(/^\/1: holds the character U\+0000/)
  })

  test('64 names in an object are read, 65 are refused', () => {
    expect(refusal(bytesOf(objectOf(64)))).toBeUndefined()
    expect(refusal(bytesOf(objectOf(65)))).toEqual(['invalid_body', 'An object has more than 64 names.'])
  })
})

describe('what is no JSON is refused, and the place is told', () => {
  const MALFORMED = 'The body is not valid JSON'
  test.each([
    ['', 'The body is empty', 1, 1],
    ['  \n ', 'The body is empty', 2, 2],
    ['{', MALFORMED, 1, 2],
    ['{"a":1,}', MALFORMED, 1, 8],
    ['{\n"a":\n  nope}', MALFORMED, 3, 4],
    ['[1,\n2,\n3,,4]', MALFORMED, 3, 3],
    ['\nx', MALFORMED, 2, 1],
    ['x\n', MALFORMED, 1, 1],
    ['{"a":"b\nc"}', MALFORMED, 1, 8],
    ['[1] 2', MALFORMED, 1, 5],
    ['[\n\n\n', MALFORMED, 4, 1],
    // What a text says of places is not where it breaks.
    ['at position 77', MALFORMED, 1, 1],
    ['{"at position 9":x}', MALFORMED, 1, 18],
    ['[1,\n at position 2 (line 9 column 9)]', MALFORMED, 2, 2],
    ['["at position 9"', MALFORMED, 1, 17],
    ['["at position 9" 1]', MALFORMED, 1, 18],
  ])('%j', (text, what, line, column) => {
    expect(refusal(bytesOf(text))).toEqual([
      'malformed_json',
      `${what}: look at line ${line}, column ${column}.`,
    ])
  })

  test('a byte order mark, and bytes that are not UTF-8', () => {
    expect(refusal(bytesOf('\ufeff{}'))).toEqual([
      'malformed_json',
      'The body begins with a byte order mark: send plain UTF-8 without one.',
    ])
    for (const bytes of [
      [0x22, 0x80, 0x22],
      [0x22, 0xc0, 0xaf, 0x22],
      [0x22, 0xe2, 0x82],
    ]) {
      expect(refusal(Uint8Array.from(bytes))).toEqual(['malformed_json', 'The body is not valid UTF-8.'])
    }
  })
})
