import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findJsonFault } from './json-reader.ts'

test.each([
  ['', 0],
  [' \n', 2],
  ['{"a":1,}', 7],
  ['{"a" 1}', 5],
  ['{a:1}', 1],
  ['[1,]', 3],
  ['[1 2]', 3],
  ['[1', 2],
  ['{"a":tru}', 8],
  ['01', 1],
  ['{}}', 2],
  ['[}', 1],
  ['{"a":"b\tc"}', 7],
  ['nul', 3],
  ['[-', 2],
  ['[1.', 3],
  ['[1.x', 3],
  ['[12.34', 6],
  ['[12.34x', 6],
  ['[1e', 3],
  ['[1ex', 3],
  ['[1e+', 4],
  ['[12e-x', 5],
  ['[1.5e', 5],
  ['[1.5e+x', 6],
  ['[1.5e10', 7],
  ['["a\\u0g', 6],
  [`["${'y'.repeat(3_000)}\\x"]`, 3_003],
  [`["${'y'.repeat(3_000)}\n1]`, 3_002],
])('%j breaks at %i', (text, place) => {
  expect(findJsonFault(text).at).toBe(place)
})

test.each([
  ['["a', true],
  ['["a\\', true],
  ['["a\\"', true],
  ['["a\\u00', true],
  ['["a"', false],
  ['["a\\x', false],
  ['{"a":tru', false],
  ['[1.', false],
])('whether %j ends in a string: %s', (text, isInString) => {
  expect(findJsonFault(text).isInString).toBe(isInString)
})

test('is the place the engine names, or the end of the shortest beginning that has a fault', () => {
  const pieces = ['{', '}', '[', ']', ',', ':', '"a"', '1', '-2.5e3', 'true', 'null', ' ', '\n', 'x']
  const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((chosen) => chosen.join(''))
  fc.assert(
    fc.property(texts, (text) => {
      const message = complaint(text)
      if (message !== undefined) expect(findJsonFault(text).at).toBe(placeIn(text, message))
    }),
    { numRuns: 3_000 },
  )
})

function placeIn(text: string, message: string): number {
  const named = /at position (\d+)/.exec(message)?.[1]
  if (named !== undefined) return Number(named)
  const ends = Array.from(text, (_, index) => index)
  return ends.find((end) => complaint(text.slice(0, end + 1))?.startsWith('Unexpected token')) ?? text.length
}

/** undefined: it is JSON. */
function complaint(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
