import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { compiling } from './mutants/compiling.ts'
import { findMutants, mutated } from './mutants/find-mutants.ts'
import { shuffled } from './mutants/shuffled.ts'
import { SWITCH_NAME, switchable } from './mutants/switchable.ts'

const changesOf = (text: string) => findMutants('a.ts', text, 0).map((mutant) => mutated(text, mutant))

/** What a text calls `tell` with; undefined when it does not. */
function told(text: string, isOn?: (number: number) => boolean): unknown {
  let answer: unknown
  const tell = (value: unknown) => {
    answer = JSON.stringify(value)
  }
  runInNewContext(text, { tell, [SWITCH_NAME]: isOn })
  return answer
}

describe('what is changed', () => {
  test.each([
    ['a < 1', ['a <= 1', 'a >= 1', 'a < 0', 'a < 2', '{}']],
    ['a && b', ['a', 'b', 'a || b', '{}']],
    ['a ?? b', ['a', 'b', '{}']],
    ['if (a) b()', ['if (true) b()', 'if (false) b()', 'if (a) {}']],
    ['while (a) b()', ['while (false) b()', 'while (a) {}']],
    ['x = !a', ['x = a', '{}']],
    ["x = ['a', b]", ['x = [ b]', "x = ['a', ]", "x = ['', b]", '{}']],
    ['x = { a, b: c }', ['x = {  b: c }', 'x = { a,  }', '{}']],
    ['x = `a$' + '{b}`', ["x = ''", '{}']],
    ['x = a`b`', ['x = a``', '{}']],
    ['x = /^a$/', ['x = /a$/', 'x = /^a/', '{}']],
    ['x = a.some(b)', ['x = a.every(b)', '{}']],
    ['x = a.sort()', ['x = a', '{}']],
    ['x = 65', ['x = 130', '{}']],
    ['a += b', ['a -= b', '{}']],
    ['throw a', ['{}']],
  ])('%s', (text, changes) => {
    expect(changesOf(text).sort()).toEqual([...changes].sort())
  })

  test.each([
    "import a from 'b'",
    "export { a } from 'b'",
    "type A = 'b' | 1",
    'interface A { b: true }',
    "'use strict'",
    'function a(b: 1): asserts b is 1 {}',
    'const a: 1 = b as 2',
  ])('nothing of what does not run: %s', (text) => {
    expect(changesOf(text)).toEqual([])
  })

  test('a text that is no TypeScript is an error', () => {
    expect(() => changesOf('if (')).toThrow('a.ts')
  })
})

/** What they tell depends on each of their parts. */
const PROGRAMS = [
  'const a = [1, 2, 3]; tell(a.filter((b) => b > 1 && b < 3).map((b) => b * 2))',
  'let a = 0; for (const b of [0, 1, 2, 3]) { if (b === 2) continue; a += b }; tell(a)',
  'const a = { b: { c: () => 7 } }; tell([a?.b.c(), a.b?.c?.() ?? 1])',
  'const a = ({ b = 4, c }) => `$' + '{b}-$' + '{c === undefined ? 1 : 2}`; tell(a({ c: 3 }))',
  'const a = (b) => b + 1; tell([String.raw`c$' + '{a(2)}`, a(1) > 2])',
  "class A { #b = 1; get c() { return this.#b + 1 } static d = 'e' }; tell(new A().c + A.d)",
  'let a = 1\n;[2, 3].some((b) => { a += b; return b > 2 })\ntell(a)',
  'let a = 0; try { if (a === 0) throw 5 } catch (b) { a = b }; tell(a)',
]

describe('one text with all changes in it', () => {
  test.each(PROGRAMS)('does what the original does while none is on: %s', (text) => {
    expect(switchable(text, [])).toBe(text)
    const code = switchable(text, findMutants('a.ts', text, 0))
    expect(told(code, () => false)).toBe(told(text))
    expect(told(code)).toBe(told(text))
  })

  test.each(PROGRAMS)('does what the changed text does while one is on: %s', (text) => {
    const mutants = findMutants('a.ts', text, 0)
    const code = switchable(text, mutants)
    expect(mutants.length).toBeGreaterThan(5)
    for (const mutant of mutants) {
      const told = { mutant, ...outcomeOf(mutated(text, mutant)) }
      expect({ mutant, ...outcomeOf(code, (number) => number === mutant.number) }).toEqual(told)
    }
  })
})

test('a seed draws the same order each time, and nothing is lost', () => {
  const values = Array.from({ length: 100 }, (_, index) => index)
  expect(shuffled(values, 7)).toEqual(shuffled(values, 7))
  expect(shuffled(values, 7)).not.toEqual(shuffled(values, 8))
  expect(shuffled(values, 7).sort((one, other) => one - other)).toEqual(values)
})

function outcomeOf(text: string, isOn?: (number: number) => boolean): { told?: unknown; error?: string } {
  try {
    return { told: told(text, isOn) }
  } catch (error) {
    return { error: String(error) }
  }
}

test('what has a wrong type does not count, beside what is no TypeScript at all either', () => {
  const root = join(import.meta.dirname, '..')
  const text = 'export const a: number = 1\n'
  const [one] = findMutants('packages/core/src/a.ts', text, 0)
  const mutants = ['2', "'b'", '=', '3'].map((replacement, number) => ({ ...one!, number, replacement }))
  mkdirSync(join(root, 'coverage'), { recursive: true })
  const folder = mkdtempSync(join(root, 'coverage', 'types-'))
  try {
    const found = compiling(root, folder, mutants, () => text)
    expect(found.map(({ replacement }) => replacement)).toEqual(['2', '3'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
