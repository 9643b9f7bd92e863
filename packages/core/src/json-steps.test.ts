import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson, parseJsonInSteps } from './json-text.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What is read, or the refusal, and how many steps it took. */
function inSteps(bytes: Uint8Array): { readonly read: unknown; readonly steps: number } {
  const reading = parseJsonInSteps(bytes)
  for (let steps = 1; ; steps++) {
    try {
      const { done, value } = reading.next()
      if (done === true) return { read: { value }, steps }
    } catch (error) {
      return { read: error, steps }
    }
  }
}

function atOnce(bytes: Uint8Array): unknown {
  try {
    return { value: parseJson(bytes) }
  } catch (error) {
    return error
  }
}

const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a":',
    '"b":{',
    '"c":[',
    '"a"',
    '"__proto__":',
    '1',
    '0',
    '.5',
    '-',
    'e3',
    'E+',
  ],
  ...[
    'true',
    'tru',
    'null',
    'f',
    ' ',
    '\n',
    '\t',
    '\u0001',
    '"',
    '\\',
    'u',
    '\\u00e9',
    '\\ud83d',
    '\\ude00',
    '\\u0000',
  ],
  ...[
    '"\\"',
    '\\"',
    '\\n',
    '\\x',
    '\\u12',
    'x',
    'é',
    '😀',
    'y'.repeat(1_030),
    '\\u0061'.repeat(400),
    '"\\\\"',
  ],
]
const texts = fc.array(fc.constantFrom(...PIECES), { maxLength: 24 }).map((chosen) => chosen.join(''))
const sound = fc.jsonValue({ maxDepth: 10 }).map((value) => JSON.stringify(value))
const broken = fc
  .tuple(sound, fc.nat(), fc.nat(2), fc.constantFrom(...PIECES))
  .map(([text, place, taken, put]) => {
    const at = place % (text.length + 1)
    return text.slice(0, at) + put + text.slice(at + taken)
  })
const within = fc.oneof(texts, broken).map((inner) => `{"a":[{"b":"${inner}`)

test.each([
  ['texts of all kinds of pieces', texts, 3_000],
  ['the same behind a beginning', within, 2_000],
  ['values that are JSON', sound, 500],
  ['values with something put in or taken out', broken, 2_000],
])('%s are read and refused as they are at once', (_, given, numRuns) => {
  fc.assert(
    fc.property(given, (text) => {
      const bytes = bytesOf(text)
      expect(inSteps(bytes).read).toEqual(atOnce(bytes))
    }),
    { numRuns },
  )
})

const LONG = 300_000
test.each([
  ['a text', `["${'y'.repeat(LONG)}"]`],
  ['a text of escapes', `["${'\\u00e9'.repeat(LONG / 6)}"]`],
  ['a text of quotes', `["${'\\"'.repeat(LONG / 2)}"]`],
  ['a text of backslashes', `["${'\\\\'.repeat(LONG / 2)}"]`],
  ['pairs of surrogates', `["${'\\ud83d\\ude00'.repeat(LONG / 12)}"]`],
  ['pairs of surrogates and one that has lost the other', `["${'\\ud83d\\ude00'.repeat(LONG / 12)}\\ud83d"]`],
  ['a name', `{"${'\\u00e9'.repeat(LONG / 6)}":1}`],
  ['a name that stands twice', `{"${'\\n'.repeat(LONG / 2)}":1,"${'\\n'.repeat(LONG / 2)}":1}`],
  ['a text without an end', `["${'\\n'.repeat(LONG / 2)}`],
  ['a text with a fault at its end', `["${'\\n'.repeat(LONG / 2)}\\x"]`],
  ['values', `[${'1,'.repeat(40_000)}1]`],
  ['too many values', `[${'1,'.repeat(LONG / 2)}1]`],
  ['rows', `[${'{"a":1},'.repeat(15_000)}{"b":[2]}]`],
  ['space', `${' '.repeat(LONG)}1`],
  ['nothing but space', '\n'.repeat(LONG)],
  ['a fault behind many lines', `${'\n'.repeat(LONG)}]`],
  ['brackets', '['.repeat(30_000)],
  ['brackets that are closed', `${'['.repeat(20_000)}1${']'.repeat(20_000)}`],
])('%s without end takes many of them, and is read and refused as it is at once', (_, text) => {
  const bytes = bytesOf(text)
  const { read, steps } = inSteps(bytes)
  expect(read).toEqual(atOnce(bytes))
  expect(steps).toBeGreaterThan(20)
})

test('a member named __proto__ is one like any other', () => {
  const bytes = bytesOf('{"__proto__":{"admin":true},"a":{"__proto__":1}}')
  const { value } = inSteps(bytes).read as { value: Record<string, unknown> }
  expect(Object.keys(value)).toEqual(['__proto__', 'a'])
  expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true},"a":{"__proto__":1}}')
  expect(Object.getOwnPropertyDescriptor(value, '__proto__')).toMatchObject({
    writable: true,
    configurable: true,
  })
  expect(value.admin).toBeUndefined()
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
})

const TWICE = '{"a":1,"a":2}'
const OTHER_TWICE = '{"b":1,"b":2}'
const HALF = '"\\ud800"'
const ZERO = '"\\u0000"'
const DEEP = `${'['.repeat(8)}${']'.repeat(8)}`
test.each([
  ['twice', TWICE, OTHER_TWICE],
  ['twice', TWICE, HALF],
  ['twice', TWICE, DEEP],
  ['half', HALF, ZERO],
  ['half', HALF, TWICE],
  ['half', HALF, DEEP],
  ['deeper', DEEP, TWICE],
  ['deeper', DEEP, ZERO],
])('of two faults the first is told (%s): %s, %s', (told, first, second) => {
  const bytes = bytesOf(`[${first},${second}]`)
  const { read } = inSteps(bytes)
  expect((read as Error).message).toContain(told)
  expect(read).toEqual(atOnce(bytes))
})

test.each([8, 9])('%i levels are read or refused as they are at once', (levels) => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const bytes = bytesOf(`${open.repeat(levels)}1${close.repeat(levels)}`)
    const { read } = inSteps(bytes)
    expect(read instanceof Error).toBe(levels > 8)
    expect(read).toEqual(atOnce(bytes))
  }
})

test('a text of quotes is passed in steps before the values behind it are counted', () => {
  const { steps } = inSteps(bytesOf(`["${'\\"'.repeat(LONG / 2)}"${',1'.repeat(44_000)}]`))
  expect(steps).toBeGreaterThan((LONG + 88_000) / 4_096)
})

test('lines are counted in steps where a fault is placed', () => {
  const stepsOf = (space: string) => inSteps(bytesOf(`${space.repeat(LONG)}]`)).steps
  expect(stepsOf('\n') - stepsOf(' ')).toBe(Math.floor(LONG / 4_096))
})
