import { expect, test } from 'vitest'
import { foldText, isAscii } from './fold-text.ts'

/** All that are assigned but ideographs and syllables, tens of thousands that are alike: they have no case. */
const CHARACTERS = Array.from({ length: 0x110000 }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code))
  .filter((text) => /[^\p{Cn}\p{Co}\p{Script=Han}\p{Script=Hangul}]/u.test(text))

test.each([
  ['MÜNCHEN', 'münchen'],
  ['Mu\u0308nchen', 'münchen'],
  ['Straße', 'STRASSE'],
  ['STRAẞE', 'strasse'],
  ['İSTANBUL', 'istanbul'],
  ['ISTANBUL', 'ıstanbul'],
  ['ΟΔΟΣ', 'οδος'],
  ['ΟΔΟΣΑ', 'οδοσα'],
  ['ﬁnance', 'FINANCE'],
  ['ＡＢＣ１２', 'abc12'],
  ['Å', '\u212B'],
  ['ПРИВЕТ', 'привет'],
  ['ǅ', 'ǆ'],
  ['Ꭰ', 'ꭰ'],
  ['𐐀', '𐐨'],
  ['e\u0323\u0302', 'ệ'],
])('%s is found by %s', (text, search) => {
  expect(foldText(text)).toBe(foldText(search))
})

test.each([
  ['München', 'Munchen'],
  ['Gericht', 'Gerícht'],
  ['100%', '1000'],
  ['ΟΔΟ', 'ΟΔΟΣ'],
  ['a_b', 'axb'],
])('%s is not found by %s', (text, search) => {
  expect(foldText(text)).not.toContain(foldText(search))
})

test('folding twice is folding once, and case never matters, for every character', () => {
  for (const character of CHARACTERS) {
    const folded = foldText(character)
    if (foldText(folded) !== folded) expect(foldText(folded), `twice ${shown(character)}`).toBe(folded)
    const [lower, upper] = [foldText(character.toLowerCase()), foldText(character.toUpperCase())]
    if (lower !== folded || upper !== folded)
      expect([lower, upper], shown(character)).toEqual([folded, folded])
  }
})

test.each([
  ['', true],
  ['Az 09~\0\x7f', true],
  ['\x80', false],
  ['zuerst Ä', false],
  ['ä zuletzt', false],
])('whether all of %j is of ASCII: %s', (text, expected) => {
  expect(isAscii(text)).toBe(expected)
})

test('a text grows to 18 times its length at most', () => {
  for (const character of CHARACTERS) {
    if (foldText(character).length > 18 * character.length) expect(shown(character)).toBe('shorter')
  }
})

const shown = (text: string) =>
  JSON.stringify(text).replace(/[^\0-\x7f]/g, (one) => `\\u${one.charCodeAt(0).toString(16)}`)
