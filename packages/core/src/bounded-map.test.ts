import { expect, test } from 'vitest'
import { type BoundedMap, createBoundedMap } from './bounded-map.ts'

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

test.each([
  ['that is set, taken out and set again', (map: Small, at: number) => map.delete(`${at - 1}`)],
  ['that is cleared', (map: Small, at: number) => at % 7 === 0 && map.clear()],
  ['of which the oldest is set again', (map: Small, at: number) => map.set(`${at - 2}`, at - 2)],
  ['of which the oldest is taken out', (map: Small, at: number) => at % 5 === 0 && map.takeOldest()],
  ['that only grows', () => {}],
])('a map %s keeps its newest, however often it was full', (_name, disturb) => {
  const map = createBoundedMap<string, number>(3)
  // What Map itself does, with the oldest looked for from the beginning each time.
  const plain = new Map<string, number>()
  const model: Small = {
    set(key, value) {
      if (!plain.delete(key) && plain.size >= 3) plain.delete([...plain.keys()][0] ?? '')
      plain.set(key, value)
    },
    delete: (key) => plain.delete(key),
    takeOldest() {
      const [oldest] = plain
      plain.delete(oldest?.[0] ?? '')
      return oldest?.[1]
    },
    clear: () => plain.clear(),
  }
  for (let at = 0; at < 200; at++) {
    for (const each of [map, model]) {
      each.set(`${at}`, at)
      disturb(each, at)
    }
    for (let key = 0; key <= at; key++) expect(map.get(`${key}`)).toBe(plain.get(`${key}`))
  }
})

test('the oldest can be taken out, until there is none', () => {
  const map = createBoundedMap<string, number>(3)
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['c', 3],
    ['a', 4],
  ] as const)
    map.set(key, value)
  map.delete('b')
  expect([map.takeOldest(), map.get('c'), map.takeOldest(), map.takeOldest()]).toEqual([
    3,
    undefined,
    4,
    undefined,
  ])
  map.set('d', 5)
  expect([map.get('d'), map.takeOldest(), map.get('d')]).toEqual([5, 5, undefined])
})

type Small = Pick<BoundedMap<string, number>, 'set' | 'delete' | 'takeOldest' | 'clear'>
