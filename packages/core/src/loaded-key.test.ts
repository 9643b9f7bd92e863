import { describe, expect, test } from 'vitest'
import { FINGERPRINT_LENGTH, type Fingerprint } from './fingerprint.ts'
import { isTag, type KeyHandle, type KeySecret, type LoadedKey, secretOf } from './loaded-key.ts'

const tag = (letter: string) => letter.repeat(FINGERPRINT_LENGTH) as Fingerprint
const ID = 'key_01jcn8v4g0e5wtnr5m0hq2x3yz' as KeyHandle
const secret = (letter: string, ordinal: number): KeySecret => ({
  tag: tag(letter),
  ordinal,
  endsAtMs: null,
  replaces: null,
})
const [FIRST, SECOND] = [secret('a', 1), secret('b', 2)]
const loaded = (...secrets: KeySecret[]) => ({ secrets }) as unknown as LoadedKey

test('a tag is told from an id', () => {
  expect(isTag(tag('a'))).toBe(true)
  expect(isTag(ID)).toBe(false)
})

describe('the secret that a use comes with', () => {
  test.each<readonly [string, LoadedKey, KeyHandle, number | null, KeySecret | undefined]>([
    ['is the one it was found by', loaded(FIRST, SECOND), tag('b'), null, SECOND],
    ['whatever secret a token names beside it', loaded(FIRST, SECOND), tag('a'), 2, FIRST],
    ['is none that the key does not have', loaded(FIRST, SECOND), tag('c'), 1, undefined],
    ['is the one that the token names', loaded(FIRST, SECOND), ID, 2, SECOND],
    ['is none where the token names none', loaded(FIRST, SECOND), ID, null, undefined],
    ['is none of a session, which has none', loaded(), ID, 1, undefined],
  ])('%s', (_, key, handle, ordinal, found) => {
    expect(secretOf(key, handle, ordinal)).toBe(found)
  })

  test('of a token whose secret is gone is one that ended long ago', () => {
    expect(secretOf(loaded(SECOND), ID, 1)).toEqual({ tag: '', ordinal: 1, endsAtMs: 0, replaces: null })
  })
})
