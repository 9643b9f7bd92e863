import { describe, expect, test } from 'vitest'
import { nearest } from './nearest.ts'

const NAMES = ['name', 'email', 'role', 'status', 'externalId', 'whitelistedIPs']

describe('a mistyped name is told from another', () => {
  test.each([
    ['name', 'name'],
    ['nam', 'name'],
    ['names', 'name'],
    ['nome', 'name'],
    ['NAME', 'name'],
    ['rol', 'role'],
    ['externalid', 'externalId'],
    ['external_id', 'externalId'],
    ['xternalIdd', 'externalId'],
    ['statut', 'status'],
    ['status1', 'status'],
    ['sttaus', 'status'],
    ['whitelisted_ips', 'whitelistedIPs'],
  ])('%s: %s', (text, meant) => {
    expect(nearest(text, NAMES)).toBe(meant)
  })

  test.each(['', 'x', 'xy', 'password', 'nmae', 'nxxe', 'naem', 'statxxx'])('%j is near to none', (text) => {
    expect(nearest(text, NAMES)).toBeUndefined()
  })

  test('one difference is allowed in two characters, two in six, three in nine', () => {
    expect(nearest('ab', ['ax'])).toBe('ax')
    expect(nearest('ab', ['xy'])).toBeUndefined()
    expect(nearest('abcde', ['abcxy'])).toBeUndefined()
    expect(nearest('abcdef', ['abcdxy'])).toBe('abcdxy')
    expect(nearest('abcdef', ['abcxyz'])).toBeUndefined()
    expect(nearest('abcdefgh', ['abcdexyz'])).toBeUndefined()
    expect(nearest('abcdefghi', ['abcdefxyz'])).toBe('abcdefxyz')
    expect(nearest('abcdefghi', ['defghi'])).toBe('defghi')
    expect(nearest('abcdefghi', ['efghi'])).toBeUndefined()
    expect(nearest('a', ['b'])).toBe('b')
    expect(nearest('', ['b'])).toBe('b')
  })

  test('of several, the nearest; of those that are as near, the first', () => {
    expect(nearest('abcdef', ['abcdxy', 'abcdex', 'abcdey'])).toBe('abcdex')
    expect(nearest('abcdef', ['abcdex', 'abcdxy'])).toBe('abcdex')
    expect(nearest('abcdef', ['xabcdef', 'abcdefx'])).toBe('xabcdef')
  })

  test('what is longer than any name is looked at no further', () => {
    const name = 'a'.repeat(64)
    expect(nearest(`${name}${'b'.repeat(10_000)}`, [name])).toBe(name)
    expect(nearest(`${name}b`, [`${'a'.repeat(43)}${'c'.repeat(21)}`])).toBeDefined()
    expect(nearest(`${name}b`, [`${'a'.repeat(42)}${'c'.repeat(22)}`])).toBeUndefined()
  })
})
