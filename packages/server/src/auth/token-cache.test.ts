import { describe, expect, test } from 'vitest'
import { createTokenCache } from './token-cache.ts'

const FOREVER = { recheckAtMs: Number.POSITIVE_INFINITY }
/** As many as it keeps. */
const TOKENS_MAX = 20_000

describe('what tokens were verified to be is remembered', () => {
  test('for 20,000 of them; beyond that the oldest goes, and no other', () => {
    const cache = createTokenCache<typeof FOREVER>(() => 0)
    for (let index = 0; index < TOKENS_MAX; index += 1) cache.publish(`token ${index}`, FOREVER)
    expect(cache.find('token 0')).toBe(FOREVER)
    cache.publish('one more', FOREVER)
    expect(cache.find('token 0')).toBeUndefined()
    for (const token of ['token 1', `token ${TOKENS_MAX - 1}`, 'one more']) {
      expect(cache.find(token)).toBe(FOREVER)
    }
  })

  /** So long that 2,048 of them have exactly 32 MB to say. */
  const LENGTH = 7_942

  test('for as many as have 32 MB to say, however many came before', () => {
    const cache = createTokenCache<typeof FOREVER>(() => 0)
    const tokens = Array.from({ length: 20_000 }, (_, index) => String(index).padEnd(LENGTH, '.'))
    for (const token of tokens) cache.publish(token, FOREVER)
    const kept = tokens.filter((token) => cache.find(token) !== undefined)
    expect(kept).toEqual(tokens.slice(-2_048))
  })

  test('a shorter one takes less room than a longer one: one of these takes the place of two of those', () => {
    const cache = createTokenCache<typeof FOREVER>(() => 0)
    const tokens = Array.from({ length: 2_048 }, (_, index) => String(index).padEnd(LENGTH, '.'))
    for (const token of tokens) cache.publish(token, FOREVER)
    cache.publish('x'.repeat(LENGTH + 1), FOREVER)
    const gone = tokens.filter((token) => cache.find(token) === undefined)
    expect(gone).toEqual(tokens.slice(0, 2))
  })

  test('one that is verified again takes no further room', () => {
    const cache = createTokenCache<typeof FOREVER>(() => 0)
    const long = 'x'.repeat(8_192)
    cache.publish('first', FOREVER)
    for (let count = 0; count < 5_000; count++) cache.publish(long, FOREVER)
    expect(cache.find('first')).toBe(FOREVER)
  })

  test('until the signature has to be looked at again', () => {
    let nowMs = 0
    const cache = createTokenCache<typeof FOREVER>(() => nowMs)
    cache.publish('token', { recheckAtMs: 10 })
    nowMs = 9
    expect(cache.find('token')).toEqual({ recheckAtMs: 10 })
    nowMs = 10
    expect(cache.find('token')).toBeUndefined()
    // A clock that is set back brings nothing back.
    nowMs = 0
    expect(cache.find('token')).toBeUndefined()
  })

  test('by the whole token: none stands for one that only begins or ends alike', () => {
    const cache = createTokenCache<typeof FOREVER>(() => 0)
    cache.publish('header.claims.signature', FOREVER)
    for (const token of [
      'header.claims.signatur',
      'eader.claims.signature',
      'header.claims.signature ',
      '',
    ]) {
      expect(cache.find(token)).toBeUndefined()
    }
  })
})
