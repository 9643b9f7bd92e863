import { compileAuthority } from '@latchkey/core/permission'
import { expect, test } from 'vitest'
import { findMissing } from './derive-token.ts'

/** An owner, or one that may only do what is listed. */
const principal = (isOperator: boolean, permissions?: readonly string[]) => ({
  isOperator,
  authority: compileAuthority({
    role: 'owner',
    isOperator,
    userPermissions: null,
    narrowings: permissions === undefined ? [] : [permissions],
  }),
})

test.each<[string, ReturnType<typeof principal>, readonly string[], string | undefined]>([
  ['all keys, of a tenant: nobody there may import', principal(false), ['keys:*'], undefined],
  ['what is the operator’s, of a tenant', principal(false), ['keys:list', 'companies:*'], 'companies:*'],
  ['what is the operator’s, of it', principal(true), ['companies:*', 'keys:*'], undefined],
  ['all keys, of an operator that may not import', principal(true, ['keys:list']), ['keys:*'], 'keys:*'],
  ['a pattern of which one is held', principal(false, ['audit:read', 'keys:list']), ['keys:*'], 'keys:*'],
  ['one that is held, and one that is not', principal(false, ['a:b']), ['a:b', 'a:c'], 'a:c'],
  ['a pattern of an application', principal(false, ['a:*']), ['a:*', 'b:*'], 'b:*'],
])('what is missing of %s', (_what, holder, asked, missing) => {
  expect(findMissing(holder, asked)).toBe(missing)
})

test('an operator that holds all keys but the import lacks a part of all keys', () => {
  const but = ['create', 'delete', 'list', 'read', 'rotate', 'update', 'verify'].map((verb) => `keys:${verb}`)
  expect(findMissing(principal(true, but), ['keys:*'])).toBe('keys:*')
  expect(findMissing(principal(false, but), ['keys:*'])).toBeUndefined()
})
