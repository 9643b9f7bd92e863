import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { weaknessOf } from './secret-strength.ts'

describe('a server secret', () => {
  it.each([
    ['a'.repeat(64), /only 1 different/],
    ['ab'.repeat(32), /only 2 different/],
    ['deadbeefdeadbeefdeadbeefdeadbeef', /only 5 different/],
    ['00000000-0000-0000-0000-000000000000', /only 2 different/],
    ['changeme'.repeat(4), /repeated/],
    ['supersecretsupersecretsupersecre', /repeated/],
    ['0123456789abcdef0123456789abcdef', /repeated/],
    ['abcdefghijklmnopqrstuvwxyz0123456789', /a run/],
    ['zyxwvutsrqponmlkjihgfedcba987654', /a run/],
    ['aabbccddeeffgghhiijjkkllmmnnoopp', /a run/],
    ['0123456789abcdeffedcba9876543210', /a run/],
    ['this-is-a-very-long-secret-change-me', /words/],
    ['ChangeMe-ChangeThis-Please-2026!!', /words/],
    ['P@ssw0rd-P@$$word-Password-12345678', /words/],
    ['qwertyuiopasdfghjklzxcvbnm123456', /words/],
    ['correct horse battery staple correct', /words/],
    ['super-secret-jwt-token-with-at-least-32-characters-long', /words/],
    ['REPLACE_ME_WITH_A_RANDOM_STRING_32', /words/],
    ['latchkey-development-server-secret-2026', /words/],
  ])('%s is weak', (text, told) => {
    expect(weaknessOf(text)).toMatch(told)
  })

  it('is not repeated where it is told why it is weak', () => {
    for (const text of ['xyz'.repeat(20), 'hunter-two!'.repeat(4)]) {
      expect(weaknessOf(text)).not.toContain(text.slice(0, 3))
    }
  })

  it.each([
    '550e8400-e29b-41d4-a716-446655440000',
    'My dog Rufus ate 14 green hats in May',
    'a server secret that nobody in his life would guess',
    'abcdefghijklmnopqrstuvwxyz-7Jq2vX9LmT4w',
    // Just enough of each.
    'abcabdacebdfcadebfacdbfeabfdceadfb',
    'abcdefghijklmnopqrst1b3d5f7h9j1l3n5p',
    'secret-password-3gk8tz5wq2vm',
  ])('%s will do', (text) => {
    expect(weaknessOf(text)).toBeUndefined()
  })

  it.each([
    ['a remainder one character shorter', 'secret-password-3gk8tz5wq2v', /words/],
    ['one jump less', 'abcdefghijklmnopqrstuvwxyz-0-2-4', /a run/],
  ])('is weak with %s', (_what, text, told) => {
    expect(weaknessOf(text)).toMatch(told)
  })

  /** Eleven characters that nobody knows: one more would do. */
  const KNOWN = `
      correcthorsebatterystaple donotuseinproduction thequickbrownfoxjumpsoverthelazydog
      loremipsumdolorsitamet 1qaz2wsx3edc4rfv thisisaverylongsecret abcdefghijklmnopqrstuvwxyz
      01234567890 1234567890 9876543210 qwertyuiop asdfghjkl 5tgb6yhn7ujm characters production
      placeholder development replaceme changeme zxcvbnm insecure iloveyou password passwort
      passphrase topsecret latchkey database example letmein atleast session signing welcome default
      replace generate private secure random qwertz qwerty azerty dragon monkey master please change
      insert secret server string really admin super token value local test todo your this here very
      long with pass user root demo hmac dev jwt key 123
  `
  it.each(KNOWN.trim().split(/\s+/))('is no better for the word %s in it', (word) => {
    expect(weaknessOf(`3gk8tz5w-${word}-v7r`)).toMatch(/words/)
    expect(weaknessOf(`3gk8tz5w-${word}-v7rx`)).toBeUndefined()
  })

  it('is never refused when it is random, in hex, base64 or base64url', () => {
    for (let round = 0; round < 20_000; round++) {
      expect(weaknessOf(randomBytes(16).toString('hex'))).toBeUndefined()
      expect(weaknessOf(randomBytes(24).toString('base64'))).toBeUndefined()
      expect(weaknessOf(randomBytes(24).toString('base64url'))).toBeUndefined()
    }
  })
})
