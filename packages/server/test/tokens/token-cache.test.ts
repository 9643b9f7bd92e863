import { describe, expect, test } from 'vitest'
import { createTokenCache } from '../../src/auth/token-cache.ts'

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

  test('for as many as have 32 MB to say; the longest are 1,900', () => {
    const cache = createTokenCache<typeof FOREVER>(() => 0)
    const tokens = Array.from({ length: 3_000 }, (_, index) => String(index).padEnd(8_192, '.'))
    for (const token of tokens) cache.publish(token, FOREVER)
    const kept = tokens.filter((token) => cache.find(token) !== undefined)
    expect(kept.length).toBeGreaterThan(1_900)
    expect(kept.length).toBeLessThan(2_000)
    expect(kept).toEqual(tokens.slice(-kept.length))
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
