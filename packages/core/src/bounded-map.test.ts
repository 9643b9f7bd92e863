import { expect, test } from 'vitest'
import { createBoundedMap } from './bounded-map.ts'

function filled(sizeMax: number, ...keys: string[]) {
  const map = createBoundedMap<string, number>(sizeMax)
  for (const [index, key] of keys.entries()) map.set(key, index)
  return (...asked: string[]) => asked.map((key) => map.get(key))
}

test.each([
  ['the oldest goes when there is no more room', ['a', 'b', 'c'], [undefined, 1, 2]],
  ['an entry that is set again is the newest', ['a', 'b', 'a', 'c'], [2, undefined, 3]],
  ['an entry that is set again takes no room', ['a', 'b', 'b'], [0, 2, undefined]],
])('%s', (_name, keys, values) => {
  expect(filled(2, ...keys)('a', 'b', 'c')).toEqual(values)
})

test('what was deleted makes room', () => {
  const map = createBoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  expect([map.delete('b'), map.delete('b')]).toEqual([true, false])
  map.set('c', 3)
  expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([1, undefined, 3])
  map.clear()
  expect(map.get('a')).toBeUndefined()
})
