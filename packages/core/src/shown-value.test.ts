import { expect, test } from 'vitest'
import { got, quoted, shown } from './shown-value.ts'

const SECRET = `lk_live_${'a'.repeat(49)}`

test.each([
  ['70000', '"70000"', '; got 70000', '"70000"'],
  ['a\tb', '"a\\tb"', '; got a\tb', '"a\\tb"'],
  ['a\u2028b', '"a\u2028b"', '; got a\u2028b', '"a b"'],
  ['http://192.0.2.7', 'a longer text', '; got http://192.0.2.7', '"http://192.0.2.7"'],
  [SECRET, 'a longer text', '; got another text', 'a text of 57 characters'],
  ['a@b', 'a longer text', ', user or password.', 'a text of 3 characters'],
])('what is said of %j is told or not, as it may be a secret', (text, alone, behind, amid) => {
  expect([shown(text), got(text), quoted(text)]).toEqual([alone, behind, amid])
})

test('what is plainly meant is repeated', () => {
  expect(quoted('orders.read-all:everything', true)).toBe('"orders.read-all:everything"')
  expect(quoted('x'.repeat(1_200))).toBe('a text of 1,200 characters')
})
