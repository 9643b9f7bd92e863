import { describe, expect, test } from 'vitest'
import { changesBetween, isOnly } from './changes-between.ts'

test('an event tells the fields that differ, each as it was and as it is', () => {
  const before: Readonly<Record<string, unknown>> = {
    name: 'a',
    tags: ['x'],
    enabled: true,
    note: null,
    none: undefined,
  }
  expect(changesBetween(before, before)).toEqual({})
  expect(changesBetween(before, { ...before, tags: ['x'] })).toEqual({})
  const after = { name: 'b', tags: ['x', 'y'], enabled: true, note: 'n', none: undefined }
  expect(changesBetween(before, after)).toEqual({
    name: ['a', 'b'],
    tags: [['x'], ['x', 'y']],
    note: [null, 'n'],
  })
})

describe('a change takes power away and does nothing else', () => {
  test.each<readonly [string, Parameters<typeof isOnly>[0], boolean]>([
    ['when it is the only one', { enabled: [true, false] }, true],
    ['but not beside another', { enabled: [true, false], name: ['a', 'b'] }, false],
    ['but not when another stands before it', { name: ['a', 'b'], enabled: [true, false] }, false],
    ['but not the other way round', { enabled: [false, true] }, false],
    ['but not when it is another', { name: [true, false] }, false],
    ['but not when there is none', {}, false],
  ])('%s', (_, changes, isIt) => {
    expect(isOnly(changes, 'enabled', false)).toBe(isIt)
  })
})
